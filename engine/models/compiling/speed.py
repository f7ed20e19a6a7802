"""Times forms of a model side by side, so that whatever else runs slows them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

ROUNDS = 3
QUERIES = 4

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Timed:
    """The median speed of a form: photos in batches, queries alone, without tokenizing."""

    photos_per_s: float
    query_ms: float


class Timeable(Protocol):
    """What is timed."""

    def images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, N > 0, to (N, D) float32."""
        ...

    def texts(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, context) int64, N > 0, to (N, D) float32."""
        ...


def time_together(
    forms: Mapping[Name, Timeable],
    photos: NDArray[np.uint8],
    ids: NDArray[np.int64],
    *,
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Name, Timed]:
    """How fast each form takes `photos`, and single ids, after a round that only warms up.

    In each round every form has its turn: what slows the machine down slows all of them. `photos`
    are (N, E, E, 3) uint8, `ids` (N, context) int64.
    """
    took: dict[Name, list[tuple[float, float]]] = {name: [] for name in forms}
    queries = ids[:QUERIES]
    for round_ in range(rounds + 1):
        for name, form in forms.items():
            started = clock()
            form.images(photos)
            seen = clock()
            for row in range(len(queries)):
                form.texts(queries[row : row + 1])
            if round_:
                took[name].append((seen - started, clock() - seen))
    medians = {name: np.median(times, axis=0) for name, times in took.items()}
    return {
        name: Timed(
            photos_per_s=float(len(photos) / median[0]),
            query_ms=float(1000 * median[1] / len(queries)),
        )
        for name, median in medians.items()
    }
