"""Asks an encoder alone: every candidate is ranked by its exact cosine with the query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.report import Progress
from engine.evaluation.tasks import Trial
from engine.models.base import Encoder
from engine.training.data import captioned
from engine.training.metrics import Answers, Ranks, ranks_of_scores

PHOTOS_AT_ONCE = 16
TEXTS_AT_ONCE = 512
SCORES_AT_ONCE = 8_000_000

Item = TypeVar("Item")
Vectors = dict[Path | str, NDArray[np.float32]]


def answer(
    encoder: Encoder, trials: Sequence[Trial], on_progress: Progress = lambda *_: None
) -> list[Answers]:
    """The answers to each trial. Each photo and text is encoded once.

    A text of which the encoder knows no word finds everything last. Raises CaptionsError where a
    photo cannot be read.
    """
    vectors = _encoded(encoder, trials, on_progress)
    return [_answer(trial, vectors) for trial in trials]


def _answer(trial: Trial, vectors: Vectors) -> Answers:
    candidates = np.stack([vectors[item] for item in trial.candidates])
    at_once = max(1, SCORES_AT_ONCE // len(candidates))
    found: list[Ranks] = []
    for start in range(0, len(trial.queries), at_once):
        rows = slice(start, start + at_once)
        queries = np.stack([vectors[item] for item in trial.queries[rows]])
        scores = queries @ candidates.T
        for row, itself in enumerate(trial.itself[rows]):
            if itself is not None:
                scores[row, itself] = -np.inf
        found += ranks_of_scores(scores, trial.right[rows])
    return Answers.of(found, trial.groups)


def _encoded(encoder: Encoder, trials: Sequence[Trial], on_progress: Progress) -> Vectors:
    items = dict.fromkeys(item for trial in trials for item in (*trial.queries, *trial.candidates))
    photos = [item for item in items if isinstance(item, Path)]
    texts = [item for item in items if isinstance(item, str)]
    done = 0
    vectors: Vectors = {}
    on_progress("Encoding", 0, len(items))
    for some in _portions(photos, PHOTOS_AT_ONCE):
        pixels = np.stack([captioned.pixels(path, encoder.card.pixels) for path in some])
        vectors.update(zip(some, encoder.encode_images(pixels), strict=True))
        done += len(some)
        on_progress("Encoding", done, len(items))
    for several in _portions(texts, TEXTS_AT_ONCE):
        vectors.update(zip(several, encoder.encode_texts(several), strict=True))
        done += len(several)
        on_progress("Encoding", done, len(items))
    return vectors


def _portions(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
