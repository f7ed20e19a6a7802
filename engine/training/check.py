"""Measures a model in training on photos that it never learns from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch  # noqa: TID253 -- measures networks, imported only to train
from numpy.typing import NDArray

from engine.errors import RecipeError
from engine.training.data import captioned
from engine.training.data.dataset import TrainingData
from engine.training.metrics import recall_of_scores
from engine.training.networks.small import LABEL_TEXT
from engine.training.networks.towers import DualEncoder

CUTOFFS = (1, 5, 10)
MOST_HELD_OUT = 1500
"""Labelled photos that are measured, evenly drawn: more would take longer than they tell."""

_PHOTOS_AT_ONCE = 16
_TEXTS_AT_ONCE = 1024


def diverged() -> RecipeError:
    """What ends a run whose weights are no numbers any more."""
    return RecipeError(
        "The training diverged",
        "Its weights are no numbers any more. Lower the rates of the stage, or warm up for longer.",
    )


def dev_recall(figures: dict[str, float], language: str) -> float:
    """The figure that training is steered by: text to image recall, the mean of @1, @5 and @10."""
    return float(np.mean([figures[f"{language} text to image @{k}"] for k in CUTOFFS]))


@torch.inference_mode()  # type: ignore[untyped-decorator]
def measure(
    encoder: DualEncoder, data: TrainingData, edge_px: int, languages: Sequence[str]
) -> dict[str, float]:
    """Recall in per cent, by name: both directions in each language, and labels.

    "labels" is the share of held-out labelled photos whose nearest "a photo of a {label}", of all
    labels, is one of theirs. Raises RecipeError where weights are no numbers any more.
    """
    encoder.image.eval()
    encoder.text.eval()
    photos = _photos(encoder, [photo.path for photo in data.dev], edge_px)
    figures: dict[str, float] = {}
    for language in languages:
        captions = [photo.captions.get(language, ()) for photo in data.dev]
        owners = np.repeat(np.arange(len(captions)), [len(own) for own in captions])
        if not len(owners):
            continue
        texts = _texts(encoder, [text for own in captions for text in own])
        scores = texts @ photos.T
        asked = np.unique(owners)
        for way, found in (
            ("text to image", recall_of_scores(scores, owners, CUTOFFS)),
            (
                "image to text",
                recall_of_scores(scores.T[asked], asked[:, None] == owners, CUTOFFS),
            ),
        ):
            figures |= {f"{language} {way} @{k}": value for k, value in found.items()}
    held_out = data.held_out[:: max(1, -(-len(data.held_out) // MOST_HELD_OUT))]
    if held_out:
        labels = data.labels
        names = _texts(encoder, [LABEL_TEXT.format(label) for label in labels])
        nearest = (_photos(encoder, [photo.path for photo in held_out], edge_px) @ names.T).argmax(
            1
        )
        right = [
            labels[number] in photo.labels for number, photo in zip(nearest, held_out, strict=True)
        ]
        figures["labels"] = 100.0 * float(np.mean(right))
    return figures


def _photos(encoder: DualEncoder, paths: Sequence[Path], edge_px: int) -> NDArray[np.float32]:
    device = next(encoder.image.parameters()).device
    parts = []
    for start in range(0, len(paths), _PHOTOS_AT_ONCE):
        some = [
            captioned.squashed(path, edge_px) for path in paths[start : start + _PHOTOS_AT_ONCE]
        ]
        parts.append(encoder.image(torch.from_numpy(np.stack(some)).to(device)).cpu().numpy())
    return _joined(parts)


def _texts(encoder: DualEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
    device = next(encoder.text.parameters()).device
    parts = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        ids = encoder.ids(texts[start : start + _TEXTS_AT_ONCE])
        padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True).to(device)
        parts.append(encoder.text(padded).cpu().numpy())
    return _joined(parts)


def _joined(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    found = np.concatenate(parts)
    if not np.isfinite(found).all():  # no score is larger than NaN: everything would rank first
        raise diverged()
    return found
