"""Embeds segments under one model: as they come, or all that a model new to the library lacks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.indexing.stages import ahead
from engine.models.base import Encoder
from engine.readers.isolation import ReaderPool
from engine.records import PixelSpec, Reading, SegmentId, SegmentKind
from engine.store import embeddings, files
from engine.store.database import Database
from engine.store.embeddings import Unembedded
from engine.store.model_index import ModelIndex

PHOTO_BATCH = 16
PASSAGE_BATCH = 64


class Embedder:
    """Gives segments their embeddings under one model. Used by one thread."""

    def __init__(
        self, database: Database, encoder: Encoder, vectors: ModelIndex, readers: ReaderPool
    ) -> None:
        self.vectors = vectors
        self._database = database
        self._encoder = encoder
        self._readers = readers
        self._embedded_up_to = SegmentId(0)

    @property
    def pixels(self) -> PixelSpec:
        """How photos are read for this model."""
        return self._encoder.card.pixels

    def encode_photos(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB to (N, D) float32, L2-normalised."""
        return self._encoder.encode_images(pixels)

    def add_photos(
        self,
        connection: sqlite3.Connection,
        segments: Sequence[SegmentId],
        vectors: NDArray[np.float32],
    ) -> None:
        """Stores (N, D) vectors of N photos."""
        embeddings.add(connection, self.vectors.model_id, segments, vectors)
        self.vectors.photos.add(segments, vectors)

    def embed_missing(self) -> Iterator[int]:
        """Embeds what came since the last time, or everything at first; yields how many."""
        while segments := embeddings.missing(
            self._database.reading(), self.vectors.model_id, self._embedded_up_to, PASSAGE_BATCH
        ):
            self._embed(segments)
            self._embedded_up_to = segments[-1].segment_id
            yield len(segments)

    def fill(self) -> Iterator[tuple[int, int]]:
        """Embeds all that can be, the newest files first; yields how many of how many are done.

        What comes meanwhile is embedded too. A photo that cannot be read any more is passed over.
        """
        model_id = self.vectors.model_id
        tried: NDArray[np.int64] = np.zeros(0, np.int64)
        while True:
            connection = self._database.reading()
            missing = embeddings.missing_newest_first(connection, model_id)
            waiting = missing[~np.isin(missing, tried)]
            if not len(waiting):
                return
            before = embeddings.count(connection, model_id)
            for start in range(0, len(waiting), PASSAGE_BATCH):
                page = waiting[start : start + PASSAGE_BATCH]
                self._embed(embeddings.unembedded(connection, page.tolist()))
                yield before + start + len(page), before + len(waiting)
            tried = np.concatenate([tried, waiting])

    def _embed(self, segments: Sequence[Unembedded]) -> None:
        passages = [segment for segment in segments if segment.text is not None]
        if passages:
            self._embed_passages(passages)
        photos = [segment for segment in segments if segment.kind is SegmentKind.PHOTO]
        for start in range(0, len(photos), PHOTO_BATCH):
            self._embed_photos(photos[start : start + PHOTO_BATCH])

    def _embed_passages(self, segments: Sequence[Unembedded]) -> None:
        vectors = self._encoder.encode_texts([segment.text or "" for segment in segments])
        ids = [segment.segment_id for segment in segments]
        with self._database.writing() as connection:
            embeddings.add(connection, self.vectors.model_id, ids, vectors)
            self.vectors.passages.add(ids, vectors)

    def _embed_photos(self, segments: Sequence[Unembedded]) -> None:
        """Reads photos again that were indexed under another model."""
        found = [
            (segment.segment_id, file)
            for segment in segments
            if (file := files.with_content(self._database.reading(), segment.content_id))
        ]
        read = ahead(
            found,
            lambda item: self._readers.submit_read(item[1].path, self.pixels, item[1].stamp),
            PHOTO_BATCH,
        )
        photos = [
            (segment_id, outcome.pixels)
            for (segment_id, _), outcome in read
            if isinstance(outcome, Reading) and outcome.pixels is not None
        ]
        if not photos:
            return
        vectors = self.encode_photos(np.stack([pixels for _, pixels in photos]))
        with self._database.writing() as connection:
            self.add_photos(connection, [segment_id for segment_id, _ in photos], vectors)
