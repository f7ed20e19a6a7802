"""Asks finished models what they make of a run's photos and captions, to teach from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 -- teaches networks, imported only to train
from numpy.typing import NDArray

from engine.models.starter import StarterEncoder
from engine.training.data import captioned
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.data.layouts import CaptionedPhoto
from engine.training.recipe import Origin

PHOTOS_AT_ONCE = 64

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class View:
    """What one model makes of a run: float16, of a dimension of its own."""

    captioned: torch.Tensor
    """(captioned photos, D)."""
    labelled: torch.Tensor
    """(labelled photos, D)."""
    captions: torch.Tensor
    """(captions, D); of one in another language, the mean of its photo's in the first."""


def views(
    models: Sequence[Origin],
    root: Path,
    cache: Path,
    learnt: tuple[TrainingData, CaptionTable],
    on_progress: Progress = lambda *_: None,
) -> tuple[View, ...]:
    """The view of each of `models`, folders as Keepsight ships its own, below `root`.

    Each photo is seen once, whole. What was seen is kept in `cache`. Raises ModelError where a
    model cannot be loaded, CaptionsError where a photo cannot be read.
    """
    data, table = learnt
    found = []
    for model in models:
        encoder = StarterEncoder(root / model.path)
        try:
            told = f"Asking {model.name}"
            photos = _photos(
                encoder,
                [*data.captioned, *data.labelled],
                cache,
                lambda done, total, told=told: on_progress(told, done, total),  # type: ignore[misc]
            )
            first = encoder.encode_texts([table.texts[number] for number in table.all_first])
        finally:
            encoder.close()
        captions, _ = table.spread(first)
        split = len(data.captioned)
        found.append(
            View(*(torch.from_numpy(part) for part in (photos[:split], photos[split:], captions)))
        )
    return tuple(found)


def _photos(
    encoder: StarterEncoder,
    photos: Sequence[CaptionedPhoto],
    cache: Path,
    on_progress: Callable[[int, int], None],
) -> NDArray[Any]:
    """(photos, D) float16."""
    spec = encoder.card.pixels
    asked = [encoder.card.fingerprint, *(str(photo.path) for photo in photos)]
    key = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
    file = cache / f"seen-{key}.npy"
    if file.is_file():
        kept: NDArray[Any] = np.load(file)
        return kept
    found = []
    for start in range(0, len(photos), PHOTOS_AT_ONCE):
        batch = photos[start : start + PHOTOS_AT_ONCE]
        pixels = np.stack([captioned.pixels(photo.path, spec) for photo in batch])
        found.append(encoder.encode_images(pixels).astype(np.float16))
        on_progress(min(start + PHOTOS_AT_ONCE, len(photos)), len(photos))
    embedded = np.concatenate(found)
    np.save(file, embedded)
    return embedded
