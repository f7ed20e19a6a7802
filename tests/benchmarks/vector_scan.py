"""Time of a search among vectors, beside numpy's product with all of them and a partial sort.

    python -m tests.benchmarks.vector_scan [--vectors N] [--limit N]

Random unit vectors of the built-in model's length, one query at a time: out of all, out of a
random half, out of a hundredth, and out of the half that lies farthest off, as filters allow.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.hubness import asking
from engine.models.starter import read_card
from engine.records import Medium, ModelId, SegmentId
from engine.store.vectors import VectorIndex

SEED = 0
ROUNDS = 7
PAGE = 20_000


def main() -> None:
    """Prints the medians of a few rounds, and their ratios to numpy's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=240_000)
    parser.add_argument("--limit", type=int, default=200)
    arguments = parser.parse_args()
    draws = np.random.default_rng(SEED)
    matrix = draws.standard_normal((arguments.vectors, read_card().dimension), np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    query = matrix[0] + 0.1 * draws.standard_normal(matrix.shape[1], np.float32)
    query /= np.linalg.norm(query)
    ids = np.arange(len(matrix))
    unrelated = dict.fromkeys(Medium, np.empty((0, matrix.shape[1]), np.float32))
    asked = asking(query)
    farthest = np.sort((matrix @ query).argsort()[: len(matrix) // 2])
    with tempfile.TemporaryDirectory() as folder:
        index = VectorIndex(Path(folder), read_card(), ModelId(1), Medium.PICTURE, unrelated)
        for start in range(0, len(matrix), PAGE):
            page = matrix[start : start + PAGE]
            index.add([SegmentId(start + number) for number in range(len(page))], page)
        half, hundredth = (
            np.sort(draws.choice(ids, len(ids) // part, replace=False)) for part in (2, 100)
        )
        tasks: dict[str, Callable[[], object]] = {
            "numpy, out of all": lambda: np.argpartition(-(matrix @ query), arguments.limit),
            "out of all": lambda: index.search(asked, arguments.limit),
            "out of a half": lambda: index.search(asked, arguments.limit, half),
            "out of a hundredth": lambda: index.search(asked, arguments.limit, hundredth),
            "out of the farthest half": lambda: index.search(asked, arguments.limit, farthest),
        }
        seconds = {name: _median(task) for name, task in tasks.items()}
    reference = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"{name}: {1000 * taken:.1f} ms, ratio {taken / reference:.2f}")


def _median(task: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        task()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


if __name__ == "__main__":
    main()
