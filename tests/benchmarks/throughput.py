"""Photos per second of indexing end to end, beside the encoder alone; and the peak of memory.

    python -m tests.benchmarks.throughput PHOTOS [--photos N]

The encoder alone runs on arrays that are decoded already, before and after the indexing, in the
same process, so that a machine that slows down slows both. Memory is the sum over the processes of
`keepsight index`, in a process tree of its own, for N / 7 and for N photos.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from engine.library import Library
from engine.models import catalog
from engine.models.base import Encoder
from engine.paths import Home
from engine.readers import registry
from engine.readings import Reading

ARRAYS = 1024
BATCH = 16
SAMPLE_S = 0.05


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos_folder", type=Path)
    parser.add_argument("--photos", type=int, default=7000)
    parser.add_argument("--no-memory", action="store_true")
    arguments = parser.parse_args()
    photos = sorted(p for p in arguments.photos_folder.rglob("*.jpg"))[: arguments.photos]
    with tempfile.TemporaryDirectory(prefix="keepsight-bench-") as directory:
        root = Path(directory)
        folder = _copied(photos, root / "photos")
        encoder = catalog.load("starter")
        arrays = _decoded(photos[:ARRAYS], encoder)
        before = _encoder_rate(encoder, arrays)
        started = time.perf_counter()
        with Library.open(Home.at(root / "home")) as library:
            for _ in library.index([folder]):
                pass
            indexed = library.counts().indexed
        rate = indexed / (time.perf_counter() - started)
        after = _encoder_rate(encoder, arrays)
        alone = max(before, after)
        print(f"encoder alone: {before:.1f} before, {after:.1f} after; the better one counts")
        print(f"end to end, {indexed} photos: {rate:.1f} photos/s, start and close included")
        print(f"ratio: {rate / alone:.2f}")
        if arguments.no_memory:
            return
        for count in (len(photos) // 7, len(photos)):
            part = _copied(photos[:count], root / f"part-{count}")
            print(f"peak memory, {count} photos: {_peak_mib(part, root / f'home-{count}'):.0f} MiB")


def _copied(photos: list[Path], folder: Path) -> Path:
    folder.mkdir()
    for photo in photos:
        shutil.copyfile(photo, folder / photo.name)
    return folder


def _decoded(photos: list[Path], encoder: Encoder) -> np.ndarray:
    readings = [registry.read(photo, encoder.card.pixels) for photo in photos]
    return np.stack([r.pixels for r in readings if isinstance(r, Reading)])


def _encoder_rate(encoder: Encoder, arrays: np.ndarray) -> float:
    encoder.encode_images(arrays[:BATCH])
    started = time.perf_counter()
    for start in range(0, len(arrays), BATCH):
        encoder.encode_images(arrays[start : start + BATCH])
    return len(arrays) / (time.perf_counter() - started)


def _peak_mib(folder: Path, home: Path) -> float:
    """The most memory that `keepsight index` and its workers have at once, in MiB."""
    command = [sys.executable, "-m", "desktop", "--home", str(home), "index", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        tree = psutil.Process(process.pid)
        peak = 0
        while process.poll() is None:
            total = 0
            try:
                for member in (tree, *tree.children(recursive=True)):
                    total += member.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            peak = max(peak, total)
            time.sleep(SAMPLE_S)
    return peak / 2**20


if __name__ == "__main__":
    main()
