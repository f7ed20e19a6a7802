"""Measures an encoder on photos and passages that were held out: recall by task and language.

The questions are those of `keepsight eval --through encoder`; here embeddings are kept, so that
one tower can be measured beside several versions of the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.models.base import Encoder
from engine.training.data import captioned
from engine.training.data.corpora import trials
from engine.training.data.corpora.trials import PassageTrial
from engine.training.data.layouts import CaptionedPhoto
from engine.training.metrics import Answers, Metrics, Ranks, ranks_of_scores

if TYPE_CHECKING:
    from engine.training.data.dataset import TrainingData
    from engine.training.recipe import Recipe

Progress = Callable[[str, int, int], None]
"""Told what is done, how much of it and how much there is."""

Vectors = NDArray[np.float32]

TEXT_TO_IMAGE = "text_to_image"
IMAGE_TO_TEXT = "image_to_text"
FIGURES = ("recall@1", "recall@5", "recall@10", "mrr", "median_rank")
PROMPT = "a photo of a {}"

_PHOTOS_AT_ONCE = 16
_TEXTS_AT_ONCE = 512
_QUERIES_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """P captioned photos: their embeddings, and those of their captions by language, in order."""

    photos: Vectors
    captions: dict[str, Vectors]


def of_card(
    encoder: Encoder, recipe: Recipe, loaded: TrainingData, on_progress: Progress = lambda *_: None
) -> dict[str, Any]:
    """All figures of a card: `measured_on`, and by task and language what `as_json` gives."""
    dev, edge_px = loaded.dev, recipe.towers.edge_px
    found = answers(dev, embed(encoder, dev, on_progress))
    measured: dict[str, Any] = {
        "measured_on": f"{recipe.dev.name}: {len(dev):,} photos, fitted to {edge_px} x {edge_px} "
        "px. It was not trained on them, but the checkpoint and the precision were chosen by them, "
        "so that other photos may be found a little less well.",
        **{
            task: {language: as_json(Metrics.of(each)) for language, each in by_language.items()}
            for task, by_language in found.items()
        },
    }
    if loaded.held_out:
        right = label_answers(encoder, loaded.held_out, loaded.labels)
        measured["labels"] = as_json(Metrics.of(right)) | {"labels": len(loaded.labels)}
    sentences = loaded.held_out_sentences
    for name, trial in (
        ("passages", trials.passage_trial(sentences)),
        ("translations", trials.translation_trial(sentences)),
    ):
        if trial.queries:
            documents = {"documents": len(trial.documents)}
            measured[name] = as_json(Metrics.of(passage_answers(encoder, trial))) | documents
    return measured


def embed(
    encoder: Encoder, photos: Sequence[CaptionedPhoto], on_progress: Progress = lambda *_: None
) -> Embedded:
    """What an encoder makes of photos and all their captions. Raises CaptionsError."""
    return Embedded(
        encode_photos(encoder, [photo.path for photo in photos], on_progress),
        {
            language: encode_texts(encoder, [text for text, _ in captions(photos, language)])
            for language in languages(photos)
        },
    )


def answers(photos: Sequence[CaptionedPhoto], embedded: Embedded) -> dict[str, dict[str, Answers]]:
    """How right answers ranked, by task and language."""
    found: dict[str, dict[str, Answers]] = {TEXT_TO_IMAGE: {}, IMAGE_TO_TEXT: {}}
    for language, vectors in embedded.captions.items():
        asked = captions(photos, language)
        owners = [owner for _, owner in asked]
        found[TEXT_TO_IMAGE][language] = Answers.of(
            _ranks(vectors, embedded.photos, [{owner: 1.0} for owner in owners]), owners
        )
        # Captions that are the same text are one candidate, as they are one content in a library.
        first = {text: row for row, (text, _) in reversed(list(enumerate(asked)))}
        rows = sorted(first.values())
        column = {asked[row][0]: number for number, row in enumerate(rows)}
        right: dict[int, dict[int, float]] = {}
        for text, owner in asked:
            right.setdefault(owner, {})[column[text]] = 1.0
        found[IMAGE_TO_TEXT][language] = Answers.of(
            _ranks(embedded.photos[list(right)], vectors[rows], list(right.values())), list(right)
        )
    return found


def label_answers(
    encoder: Encoder, photos: Sequence[CaptionedPhoto], labels: Sequence[str]
) -> Answers:
    """How high each photo's labels rank among all `labels`, by the texts "a photo of a {label}"."""
    texts = encode_texts(encoder, [PROMPT.format(label) for label in labels])
    column = {label: number for number, label in enumerate(labels)}
    vectors = encode_photos(encoder, [photo.path for photo in photos])
    right = [{column[label]: 1.0 for label in photo.labels} for photo in photos]
    return Answers.of(_ranks(vectors, texts, right))


def passage_answers(encoder: Encoder, trial: PassageTrial) -> Answers:
    """How high each query's one document ranks among all of a trial's."""
    queries = encode_texts(encoder, trial.queries)
    documents = encode_texts(encoder, trial.documents)
    return Answers.of(_ranks(queries, documents, [{place: 1.0} for place in trial.right]))


def as_json(metrics: Metrics) -> dict[str, Any]:
    """The figures of a model card, as `keepsight eval --json` has them."""
    return {
        **{name: _number(metrics[name]) for name in FIGURES},
        "queries": metrics.queries,
        "intervals": {
            name: [_number(metrics.estimates[name].low), _number(metrics.estimates[name].high)]
            for name in FIGURES
        },
    }


def languages(photos: Sequence[CaptionedPhoto]) -> list[str]:
    """The languages that a photo has captions in, in order."""
    return sorted({language for photo in photos for language in photo.captions})


def captions(photos: Sequence[CaptionedPhoto], language: str) -> list[tuple[str, int]]:
    """The captions in a language, each with the number of its photo."""
    return [
        (text, owner)
        for owner, photo in enumerate(photos)
        for text in photo.captions.get(language, ())
    ]


def encode_photos(
    encoder: Encoder, paths: Sequence[Path], on_progress: Progress = lambda *_: None
) -> Vectors:
    """N files to (N, D). Raises CaptionsError where one is no readable photo."""
    found = np.zeros((len(paths), encoder.card.dimension), np.float32)
    for start in range(0, len(paths), _PHOTOS_AT_ONCE):
        some = paths[start : start + _PHOTOS_AT_ONCE]
        batch = np.stack([captioned.pixels(path, encoder.card.pixels) for path in some])
        found[start : start + len(some)] = encoder.encode_images(batch)
        on_progress("Encoding photos", start + len(some), len(paths))
    return found


def encode_texts(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """N texts to (N, D)."""
    found = np.zeros((len(texts), encoder.card.dimension), np.float32)
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        some = texts[start : start + _TEXTS_AT_ONCE]
        found[start : start + len(some)] = encoder.encode_texts(some)
    return found


def _ranks(queries: Vectors, candidates: Vectors, right: Sequence[dict[int, float]]) -> list[Ranks]:
    found: list[Ranks] = []
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        rows = slice(start, start + _QUERIES_AT_ONCE)
        found += ranks_of_scores(queries[rows] @ candidates.T, right[rows])
    return found


def _number(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None
