"""Time to recognise the text in photos, beside RapidOCR as it comes and the embedding of a photo.

    python -m tests.benchmarks.recognition_speed FILES [--photos N]

CPU time of this process, a photo at a time: ours decodes, fits, recognises and puts lines in order;
RapidOCR decodes and recognises; the embedding is that of `keepsight index`, reading included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.models.starter import StarterEncoder
from engine.readers import registry
from engine.readings import Kind, ReadFailure, Reading
from engine.records import Stamp

SEED = 0


def main() -> None:
    """Prints the means, and what share of the photos has text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("--photos", type=int, default=40)
    arguments = parser.parse_args()
    from rapidocr import RapidOCR

    registry.import_decoders()
    encoder = StarterEncoder(threads=1)
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    photos = _photos(arguments.files, encoder, arguments.photos)
    tasks: dict[str, Callable[[Path], object]] = {
        "embedding": lambda path: _embedded(path, encoder),
        "RapidOCR": lambda path: engine(str(path)),
        "recognising": lambda path: registry.recognise(path, Stamp.of(path.stat())),
    }
    for task in tasks.values():
        task(photos[0])
    seconds = {name: [_timed(task, path) for path in photos] for name, task in tasks.items()}
    for name, times in seconds.items():
        ratio = sum(times) / sum(seconds["embedding"])
        print(f"{name}: {1000 * np.mean(times):.1f} ms a photo, {ratio:.1f} times the embedding")
    found = [registry.recognise(path, Stamp.of(path.stat())) for path in photos]
    read = [each for each in found if not isinstance(each, ReadFailure)]
    print(f"{sum(map(bool, read))} of {len(photos)} photos have text")


def _photos(folder: Path, encoder: StarterEncoder, count: int) -> list[Path]:
    """Some photos that can be read, drawn by chance."""
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    )
    np.random.default_rng(SEED).shuffle(files)  # type: ignore[arg-type]
    found: list[Path] = []
    for path in files:
        reading = registry.read(path, encoder.card.pixels)
        if isinstance(reading, Reading) and reading.kind is Kind.PHOTO:
            found.append(path)
        if len(found) == count:
            break
    return found


def _embedded(path: Path, encoder: StarterEncoder) -> None:
    reading = registry.read(path, encoder.card.pixels)
    assert isinstance(reading, Reading)
    encoder.encode_images(np.stack([picture.pixels for picture in reading.pictures]))


def _timed(task: Callable[[Path], object], path: Path) -> float:
    began = time.process_time()
    task(path)
    return time.process_time() - began


if __name__ == "__main__":
    main()
