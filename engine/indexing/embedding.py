"""Embeds segments under one model: as they come, or all that a model new to the library lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from engine.indexing.stages import ahead
from engine.models.base import Encoder
from engine.readers.isolation import ReaderPool
from engine.readings import PixelSpec, Reading
from engine.records import ContentId, SegmentId
from engine.store import embeddings, files, unembedded
from engine.store.database import Database
from engine.store.model_index import ModelIndex
from engine.store.unembedded import Unembedded
from engine.store.vectors import VectorIndex

PICTURE_BATCH = 16
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

    def encode_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """N pictures (E, E, 3) uint8 RGB to (N, D) float32, L2-normalised."""
        batches = [
            self._encoder.encode_images(np.stack(pictures[start : start + PICTURE_BATCH]))
            for start in range(0, len(pictures), PICTURE_BATCH)
        ]
        return np.concatenate(batches)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, L2-normalised."""
        return self._encoder.encode_texts(texts)

    def embed_missing(self) -> Iterator[int]:
        """Embeds what came since the last time, or everything at first; yields how many."""
        while True:
            connection = self._database.reading()
            # Asked for first: what comes between the two is looked for the next time.
            newest = unembedded.newest_segment(connection)
            segments = unembedded.missing(
                connection, self.vectors.model_id, self._embedded_up_to, PASSAGE_BATCH
            )
            if not segments:
                self._embedded_up_to = newest
                return
            self._embed(segments)
            self._embedded_up_to = segments[-1].segment_id
            yield len(segments)

    def fill(self) -> Iterator[tuple[int, int]]:
        """Embeds all that can be, the newest files first; yields how many of how many are done.

        What comes meanwhile is embedded too. A picture that cannot be read any more is passed over.
        """
        model_id = self.vectors.model_id
        tried: NDArray[np.int64] = np.zeros(0, np.int64)
        while True:
            connection = self._database.reading()
            missing = unembedded.missing_newest_first(connection, model_id)
            waiting = missing[~np.isin(missing, tried)]
            if not len(waiting):
                return
            before = embeddings.count_owed(connection, model_id)
            for start in range(0, len(waiting), PASSAGE_BATCH):
                page = waiting[start : start + PASSAGE_BATCH]
                self._embed(unembedded.of_ids(connection, page.tolist()))
                yield before + start + len(page), before + len(waiting)
            tried = np.concatenate([tried, waiting])

    def _embed(self, segments: Sequence[Unembedded]) -> None:
        passages = [segment for segment in segments if segment.text is not None]
        if passages:
            self._embed_passages(passages)
        pictures = [segment for segment in segments if segment.text is None]
        if pictures:
            self._embed_pictures(pictures)

    def _embed_passages(self, segments: Sequence[Unembedded]) -> None:
        vectors = self._encoder.encode_texts([segment.text or "" for segment in segments])
        ids = [segment.segment_id for segment in segments]
        self._keep(self.vectors.texts, ids, vectors)

    def _embed_pictures(self, segments: Sequence[Unembedded]) -> None:
        """Reads files again whose pictures were indexed under another model."""
        wanted: dict[ContentId, list[Unembedded]] = {}
        for segment in segments:
            wanted.setdefault(segment.content_id, []).append(segment)
        connection = self._database.reading()
        found = [
            (pictures, *placed)
            for content_id, pictures in wanted.items()
            if (placed := files.with_content(connection, content_id))
        ]
        read = ahead(
            found,
            lambda item: self._readers.submit_read(
                item[1].path, self.pixels, item[1].stamp, item[2]
            ),
            PICTURE_BATCH,
        )
        ids: list[SegmentId] = []
        pixels: list[NDArray[np.uint8]] = []
        for (pictures, *_), outcome in read:
            if isinstance(outcome, Reading):
                drawn = {picture.spot: picture.pixels for picture in outcome.pictures}
                there = [picture for picture in pictures if picture.spot in drawn]
                ids += [picture.segment_id for picture in there]
                pixels += [drawn[picture.spot] for picture in there]
        if not ids:
            return
        vectors = self.encode_pictures(pixels)
        self._keep(self.vectors.pictures, ids, vectors)

    def _keep(
        self, index: VectorIndex, segments: Sequence[SegmentId], vectors: NDArray[np.float32]
    ) -> None:
        """Stores (N, D) vectors of N segments, but for those that were forgotten meanwhile."""
        with self._database.writing() as connection:
            there = embeddings.add(connection, self.vectors.model_id, segments, vectors)
        if there.any():
            index.add(list(compress(segments, there)), vectors[there])
