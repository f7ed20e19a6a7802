"""What a closer look finds in photos that the first one missed, and the time that it takes.

    python -m tests.benchmarks.parts CAPTIONS.jsonl [--split dev] [--photos N]

Small things whose place is known: pictures of two by two captioned photos, each asked for by the
captions of its four. Through a library, before and after it has looked closer; the photos as they
are too, where a closer look has nothing to gain and must not lose. Its time is told beside that of
encoding each photo once, decoded already, before and after it: the shorter time counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.library import Library
from engine.models import catalog
from engine.paths import Home
from engine.search_records import Query
from engine.training.data import captioned, layouts
from engine.training.data.layouts import CaptionedPhoto

KS = (1, 5, 10)
EDGE_PX = 192
BATCH = 16

Asked = list[tuple[Path, tuple[str, ...]]]
"""Files, each with the captions that are to find it."""


def main() -> None:
    """Prints recall before and after, and the time of a closer look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--photos", type=int, default=400)
    arguments = parser.parse_args()
    photos = [p for p in layouts.read(arguments.captions).photos if p.split == arguments.split]
    chosen = photos[: arguments.photos // 4 * 4]
    with tempfile.TemporaryDirectory(prefix="keepsight-bench-") as directory:
        root = Path(directory)
        for name, asked in (
            ("photos as they are", _alone(chosen, root / "alone")),
            ("pictures of four", _in_fours(chosen, root / "fours")),
        ):
            _report(name, asked, Home.at(root / name))


def _report(name: str, asked: Asked, home: Home) -> None:
    folder = asked[0][0].parent
    print(f"{len(asked)} {name}, {sum(len(captions) for _, captions in asked)} captions")
    with Library.open(home) as library:
        for _ in library.index([folder]):
            pass
        print(f"  recall@{KS} before: {_recall(library, asked)}")
        alone = _once(asked)
        started = time.perf_counter()
        for _ in library.index([folder], looks_closer=True):
            pass
        seconds = time.perf_counter() - started
        alone = min(alone, _once(asked))
        print(f"  recall@{KS} after:  {_recall(library, asked)}")
    print(f"  it takes {seconds / alone:.1f} times as long as encoding")


def _recall(library: Library, asked: Asked) -> str:
    content_of = library.contents_by_path()
    ranks = []
    for path, captions in asked:
        for caption in captions:
            found = [each.content_id for each in library.rank(Query(caption, limit=max(KS)))]
            right = content_of[path]
            ranks.append(found.index(right) if right in found else len(asked))
    return " / ".join(f"{np.mean(np.array(ranks) < k):.1%}" for k in KS)


def _once(asked: Asked) -> float:
    """Seconds to encode each photo once."""
    encoder = catalog.load("starter")
    edge_px = encoder.card.pixels.edge_px
    pixels = [captioned.squashed(path, edge_px) for path, _ in asked]
    started = time.perf_counter()
    for start in range(0, len(pixels), BATCH):
        encoder.encode_images(np.stack(pixels[start : start + BATCH]))
    return time.perf_counter() - started


def _alone(photos: list[CaptionedPhoto], folder: Path) -> Asked:
    folder.mkdir()
    asked: Asked = []
    for number, photo in enumerate(photos):
        path = folder / f"{number}.jpg"
        path.write_bytes(photo.path.read_bytes())
        asked.append((path, photo.captions["en"]))
    return asked


def _in_fours(photos: list[CaptionedPhoto], folder: Path) -> Asked:
    folder.mkdir()
    asked: Asked = []
    for start in range(0, len(photos), 4):
        four = photos[start : start + 4]
        squares = [captioned.squashed(photo.path, EDGE_PX) for photo in four]
        rows = [np.hstack(squares[:2]), np.hstack(squares[2:])]
        path = folder / f"{start}.png"
        Image.fromarray(np.vstack(rows)).save(path)
        asked.append((path, tuple(c for photo in four for c in photo.captions["en"])))
    return asked


if __name__ == "__main__":
    main()
