"""Time per photo, query and passage of models in Keepsight's own form, beside the first of them.

    python -m tests.benchmarks.encoders FOLDER FOLDER…

A folder is what `keepsight train` leaves in OUT/model. The models take turns, batch by batch, in
one process; photos are noise, which takes no less time than others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.models.starter import StarterEncoder
from tests.benchmarks.query_latency import QUERIES

ROUNDS = 40
PHOTOS = 16
PASSAGE = " ".join(QUERIES * 4)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    folders = parser.parse_args().folders
    encoders = [StarterEncoder(folder) for folder in folders]
    photos = [_noise(encoder.card.pixels.edge_px) for encoder in encoders]
    tasks: dict[str, list[Callable[[], object]]] = {
        "ms a photo": [
            lambda encoder=encoder, some=some: encoder.encode_images(some)
            for encoder, some in zip(encoders, photos, strict=True)
        ],
        "ms a query": [lambda encoder=encoder: _one_by_one(encoder) for encoder in encoders],
        "ms a passage": [
            lambda encoder=encoder: encoder.encode_texts([PASSAGE]) for encoder in encoders
        ],
    }
    items = {"ms a photo": PHOTOS, "ms a query": len(QUERIES), "ms a passage": 1}
    for name, calls in tasks.items():
        medians = _medians(calls)
        for folder, median in zip(folders, medians, strict=True):
            milliseconds = 1000 * median / items[name]
            print(f"{name}: {milliseconds:.3f}, ratio {median / medians[0]:.2f}  {folder}")
    for folder in folders:
        print(f"{sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.1f} MB  {folder}")


def _noise(edge_px: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (PHOTOS, edge_px, edge_px, 3), np.uint8)


def _one_by_one(encoder: StarterEncoder) -> None:
    for query in QUERIES:
        encoder.encode_texts([query])


def _medians(calls: list[Callable[[], object]]) -> list[float]:
    took: list[list[float]] = [[] for _ in calls]
    for round_ in range(-2, ROUNDS):
        for call, times in zip(calls, took, strict=True):
            started = time.perf_counter()
            call()
            if round_ >= 0:
                times.append(time.perf_counter() - started)
    return [float(np.median(times)) for times in took]


if __name__ == "__main__":
    main()
