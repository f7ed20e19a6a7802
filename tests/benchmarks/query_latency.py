"""Query latency from text to hits with details, beside the encoder plus an exact numpy scan.

    python -m tests.benchmarks.query_latency PHOTOS [--synthetic 100000]

First on a library of real photos; then with synthetic vectors under as many photos, stored through
SQLite like any other. Both sides of the ratio run in turn, query by query, in one process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.library import Library
from engine.models import catalog
from engine.paths import Home
from engine.readings import Kind, Picture, Reading
from engine.records import FolderId, FoundFile
from engine.search_records import Query
from engine.store import contents, embeddings, files, folders
from engine.store.database import Database

QUERIES = [
    "a black dog running in the snow",
    "children playing soccer on a field",
    "a man riding a bicycle down a hill",
    "red kite over a beach",
    "two people sitting on a bench",
    "a girl in a pink dress",
    "mountains and a lake at sunset",
    "a crowd of people in the street at night",
]
ROUNDS = 15
LIMIT = 50


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos_folder", type=Path)
    parser.add_argument("--synthetic", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keepsight-bench-") as directory:
        real = Home.at(Path(directory) / "real")
        with Library.open(real) as library:
            for _ in library.index([arguments.photos_folder]):
                pass
            _report("real photos", library, library.counts().photos)
        synthetic = Home.at(Path(directory) / "synthetic").create()
        _fill(synthetic, arguments.synthetic, Path(directory))
        with Library.open(synthetic) as library:
            _report("synthetic", library, arguments.synthetic)


def _report(name: str, library: Library, count: int) -> None:
    encoder = catalog.load("starter")
    matrix = _unit(count, encoder.card.dimension)
    ours, reference = [], []
    for text in QUERIES:
        library.search(Query(text=text, limit=LIMIT))
    for _ in range(ROUNDS):
        for text in QUERIES:
            started = time.perf_counter()
            hits = library.search(Query(text=text, limit=LIMIT)).hits
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            scores = matrix @ encoder.encode_texts([text])[0]
            np.argpartition(-scores, LIMIT)[:LIMIT]
            reference.append(time.perf_counter() - started)
            assert len(hits) == LIMIT
    ours_ms, reference_ms = np.array(ours) * 1e3, np.array(reference) * 1e3
    print(f"{name}, {count} photos, {len(ours)} queries, {LIMIT} hits with details each")
    print(f"  keepsight: median {np.median(ours_ms):.1f} ms, p99 {np.percentile(ours_ms, 99):.1f}")
    print(
        f"  encoder + numpy scan: median {np.median(reference_ms):.1f} ms, "
        f"p99 {np.percentile(reference_ms, 99):.1f}"
    )
    print(f"  ratio of medians: {np.median(ours_ms) / np.median(reference_ms):.2f}")


def _unit(count: int, dimension: int) -> np.ndarray:
    matrix = np.random.default_rng(0).standard_normal((count, dimension), dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def _fill(home: Home, count: int, root: Path) -> None:
    """Stores `count` photos that exist in the database only."""
    card = catalog.load("starter").card
    matrix = _unit(count, card.dimension)
    database = Database(home.database)
    pixels = np.zeros((1, 1, 3), np.uint8)
    with database.writing() as connection:
        model_id = embeddings.register_model(connection, card)
        folder_id = FolderId(folders.add(connection, root))
        files.begin_sweep(connection)
        segments = []
        for number in range(count):
            relative = Path(f"{number // 1000:03d}", f"photo-{number:06d}.jpg")
            found = FoundFile(folder_id, root, relative, 1000, number)
            files.register(connection, [found])
            reading = Reading(Kind.PHOTO, (Picture(pixels),), reader="photo", reader_version=1)
            content_id, fresh = contents.keep(connection, number.to_bytes(32, "big"), reading)
            segments += [segment_id for segment_id, _ in fresh]
            connection.execute(
                "UPDATE files SET state = 'indexed', content_id = ? WHERE relative = ?",
                (content_id, bytes(relative)),
            )
        embeddings.add(connection, model_id, segments, matrix)
    database.close()


if __name__ == "__main__":
    main()
