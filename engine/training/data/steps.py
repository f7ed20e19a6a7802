"""Cuts the steps of a run from its data, a few ahead.

What a step holds follows from the seed and its number alone, so that a run can go on after a
break as if there had been none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.training.data import augment, captioned
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.recipe import Recipe, Stage

CANVAS_PX = 192
"""Photos are squashed to this edge, or the stage's if larger, before a crop is cut from them."""

AHEAD = 3
"""Steps that are prepared before they are asked for: what bounds the memory."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step learns from. Captions and texts are numbers in their tables."""

    pixels: NDArray[np.uint8]
    """(B + L, E, E, 3) RGB: the captioned photos, then the labelled ones."""
    photos: NDArray[np.int64]
    """(B,) numbers of the captioned photos."""
    labelled: NDArray[np.int64]
    """(L,) numbers of the labelled ones."""
    captions: NDArray[np.int64]
    """(B, K) captions in the first language, of each photo."""
    more: NDArray[np.int64]
    """(M,) captions in the first language, of any photo."""
    others: NDArray[np.int64]
    """(O, 2) rows of `photos`, and a caption in another language of each."""
    sentences: NDArray[np.int64]
    """(T,) texts without photos."""


class Loader:
    """Prepares a stage's steps on threads, a few ahead."""

    def __init__(self, data: TrainingData, table: CaptionTable, recipe: Recipe) -> None:
        self._data = data
        self._table = table
        self._recipe = recipe
        sizes = np.array([len(source.kept) for source in data.texts], np.int64)
        self._texts_before = np.cumsum(sizes) - sizes
        self._text_sizes = sizes

    @contextmanager
    def steps(
        self, stage: int, start: int, stop: int, threads: int = 2
    ) -> Iterator[Iterator[Step]]:
        """The steps `start` to `stop` of the stage of that number, in order."""
        with ThreadPoolExecutor(threads, "loader") as pool:
            try:
                yield self._ahead(pool, stage, range(start, stop))
            finally:
                pool.shutdown(cancel_futures=True)

    def _ahead(self, pool: ThreadPoolExecutor, stage: int, numbers: range) -> Iterator[Step]:
        pending: list[Future[Step]] = []
        for number in numbers:
            pending.append(pool.submit(self.step, stage, number))
            if len(pending) > AHEAD:
                yield pending.pop(0).result()
        for future in pending:
            yield future.result()

    def step(self, stage_number: int, number: int) -> Step:
        """The step of that number; the same whenever it is asked for."""
        recipe, data, table = self._recipe, self._data, self._table
        stage, losses = recipe.stages[stage_number], recipe.losses_of(stage_number)
        rng = np.random.default_rng((recipe.seed, stage_number, number))
        photos = self._turn(stage_number, number)
        labelled = (
            rng.integers(len(data.labelled), size=stage.labelled)
            if data.labelled
            else np.zeros(0, np.int64)
        )
        others = [
            (row, rng.choice(table.others[photo]))
            for row, photo in enumerate(photos)
            if len(table.others[photo])
        ]
        paths = [data.captioned[photo].path for photo in photos]
        paths += [data.labelled[photo].path for photo in labelled]
        return Step(
            pixels=_augmented(paths, stage, rng),
            photos=photos,
            labelled=labelled,
            captions=np.stack(
                [_some(table.first[photo], losses.captions_per_photo, rng) for photo in photos]
            ),
            more=rng.choice(table.all_first, losses.more_captions),
            others=np.array(others, np.int64).reshape(-1, 2),
            sentences=self._some_texts(stage.texts, rng),
        )

    def _some_texts(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Texts, of each source in proportion to the root of its size: a large one drowns none."""
        shares = np.sqrt(self._text_sizes)
        if not shares.sum():
            return np.zeros(0, np.int64)
        sources = rng.choice(len(shares), count, p=shares / shares.sum())
        return self._texts_before[sources] + rng.integers(self._text_sizes[sources])

    def _turn(self, stage_number: int, number: int) -> NDArray[np.int64]:
        """The photos whose turn it is: each once in an epoch, in an order of its own."""
        at_once = self._recipe.stages[stage_number].photos
        epoch, place = divmod(number, len(self._data.captioned) // at_once)
        shuffled = np.random.default_rng((self._recipe.seed, stage_number, epoch, 1)).permutation(
            len(self._data.captioned)
        )
        return shuffled[place * at_once : (place + 1) * at_once]


def _some(numbers: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[Any]:
    return rng.choice(numbers, count, replace=len(numbers) < count)


def _augmented(paths: Sequence[Path], stage: Stage, rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas = max(CANVAS_PX, stage.edge_px)
    return np.stack(
        [
            augment.augmented(
                captioned.squashed(path, canvas),
                stage.edge_px,
                smallest_crop=stage.smallest_crop,
                colour=stage.colour,
                rng=rng,
            )
            for path in paths
        ]
    )
