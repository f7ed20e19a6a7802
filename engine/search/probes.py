"""What a query compares segments with: the vectors of its words, its picture and its example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import QueryError
from engine.hubness import OF_PICTURES, OF_TEXTS, asking
from engine.models.base import Encoder
from engine.paths import shown
from engine.readings import Kind, PixelSpec, ReadFailure, Reading
from engine.records import ContentId, Medium, ModelCard, SegmentId, Stamp
from engine.search import middle
from engine.search.dates import span_of
from engine.search.retrieve import Probe
from engine.search_records import Query
from engine.store import embeddings, fulltext
from engine.store.database import Database
from engine.store.model_index import ModelIndex

BY_EXAMPLE_PASSAGES = 32
"""Passages of a document that stand for it when it is the example, beside its first page."""

NUMBERS_CHANCE = 0.49
"""The highest chance by the meaning of numbers alone: a “maybe”. What a model makes of 5910 is not
what a person means by it, which stands in names and in texts."""

Read = Callable[[Path, PixelSpec], Reading | ReadFailure]
Adapt = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(N, D) embeddings of texts as they are compared with photos."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A model that answers: its encoder, its vectors, and what it was taught."""

    encoder: Encoder
    vectors: ModelIndex
    adapt: Adapt


class Prober:
    """Makes the probes of queries. Safe to use from several threads.

    The last file that was searched with is not read again while it stays as it is: a window asks
    anew whenever the library changes. Nor is it missed when it goes, as what browsers hand over
    does.
    """

    def __init__(self, database: Database, read: Read) -> None:
        self._database = database
        self._read = read
        self._last: dict[str, tuple[Path, Stamp | None, Probe]] = {}
        """By the model's fingerprint."""

    def of(self, model: Answering, query: Query, words: str) -> list[Probe]:
        """One for each part of `query`, whose words but for filters are `words`.

        Raises QueryError where its picture cannot be read.
        """
        probes = of_words(model, words)
        if query.picture is not None:
            probes.append(self._of_file(model, query.picture))
        if query.like is not None:
            probes += self._of_content(model, query.like, query.like_segment)
        return probes

    def _of_file(self, model: Answering, path: Path) -> Probe:
        fingerprint, stamp = model.encoder.card.fingerprint, _stamp_of(path)
        if fingerprint in self._last:
            last, known, probe = self._last[fingerprint]
            if last == path and stamp in (known, None):
                return probe
        probe = self._read_probe(model, path)
        self._last[fingerprint] = (path, stamp, probe)
        return probe

    def _read_probe(self, model: Answering, path: Path) -> Probe:
        card = model.encoder.card
        reading = self._read(path, card.pixels)
        if isinstance(reading, ReadFailure):
            raise QueryError(
                "This file cannot be searched with", f"{shown(path)}: {reading.detail}", path
            )
        texts = [passage.text for passage in reading.passages[:BY_EXAMPLE_PASSAGES]]
        picture = _embedded(model, reading.pixels) if reading.pixels is not None else None
        probe = _of_example(card, picture, model.encoder.encode_texts(texts) if texts else None)
        if probe is None:
            raise QueryError(
                "This file cannot be searched with",
                f"{shown(path)} has neither a picture nor a text to compare with.",
                path,
            )
        if picture is None or texts or reading.kind is not Kind.PHOTO:
            return probe
        return replace(probe, texts=asking(self._closer(model, path, picture), OF_TEXTS))

    def _closer(
        self, model: Answering, path: Path, picture: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The (D,) embedding of a photo, with its middle; alone where that cannot be read.

        Only texts are asked for with it: pictures are found by what they show in all.
        """
        spec = model.encoder.card.pixels
        reading = self._read(path, middle.larger(spec))
        if isinstance(reading, ReadFailure) or reading.pixels is None:
            return picture
        return middle.added(picture, _embedded(model, middle.cut(reading.pixels, spec)))

    def _of_content(
        self, model: Answering, content_id: ContentId, segment: SegmentId | None
    ) -> list[Probe]:
        connection = self._database.reading()
        pictures, texts = (
            embeddings.of_content(connection, model.vectors.model_id, content_id, medium, segment)
            for medium in (Medium.PICTURE, Medium.TEXT)
        )
        probe = _of_example(
            model.encoder.card,
            pictures[0] if len(pictures) else None,
            texts[:BY_EXAMPLE_PASSAGES] if len(texts) else None,
        )
        return [probe] if probe is not None else []


def of_words(model: Answering, words: str) -> list[Probe]:
    """The probe of words, as `model` was taught to take them; none of none, and none of a date.

    A model has not seen when something was taken: a date is looked up.
    """
    if not words or span_of(words):
        return []
    card = model.encoder.card
    for_texts, for_pictures = model.encoder.encode_query(words)
    adapted = model.adapt(for_pictures[np.newaxis])[0]
    most = NUMBERS_CHANCE if _are_numbers(words) else 1.0
    return [
        Probe(
            pictures=asking(adapted, OF_PICTURES),
            texts=asking(for_texts),
            photos=card.photo_calibration,
            passages=card.passage_calibration,
            most=most,
        )
    ]


def _are_numbers(words: str) -> bool:
    """Whether no word has two letters, as in `5910`, `12:30` and `x 4`; one like 猫 is enough."""
    told = fulltext.words_of(words)
    letters = [[letter for letter in word if letter.isalpha()] for word in told]
    return bool(told) and all(len(of) < 2 and "".join(of).isascii() for of in letters)


def _embedded(model: Answering, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The (D,) embedding of an (E, E, 3) picture."""
    embedding: NDArray[np.float32] = model.encoder.encode_images(pixels[np.newaxis])[0]
    return embedding


def _of_example(
    card: ModelCard,
    picture: NDArray[np.float32] | None,
    texts: NDArray[np.float32] | None,
) -> Probe | None:
    """What asks for more like an example of which these are the (D,) and the (N, D) vectors.

    Its picture is compared with pictures and its texts with texts, where it has both.
    """
    text = _mean(texts) if texts is not None else None
    example = picture if picture is not None else text
    if example is None:
        return None
    return Probe(
        pictures=asking(example, OF_PICTURES) if picture is None else asking(picture),
        texts=asking(example, OF_TEXTS) if text is None else asking(text),
        photos=card.photo_calibration if picture is None else card.picture_calibration,
        passages=card.photo_calibration if text is None else card.passage_calibration,
    )


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float32)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _stamp_of(path: Path) -> Stamp | None:
    """None of a file that is not there."""
    try:
        return Stamp.of(path.stat())
    except OSError:
        return None
