"""Looks at photos closer, part by part, when all is indexed: so small things in them are found.

The vector of a part is the mean of the photo's and of what the part shows by itself. It stands for
that corner of that photo: by itself, a part passes too easily for a photo of something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.events import Phase
from engine.indexing.embedding import PICTURE_BATCH, Embedder
from engine.indexing.stages import ahead
from engine.readers.isolation import ReaderPool
from engine.readings import Box, PixelSpec, ReadFailure, Reading
from engine.records import SegmentId
from engine.store import embeddings, files, parts
from engine.store.database import Database
from engine.store.parts import Whole

SHARE = 0.6
"""The edge of a part, as a share of the photo's: its neighbours overlap it by a third of that."""

BOXES = tuple(
    Box(left, top, left + SHARE, top + SHARE) for top in (0.0, 0.4) for left in (0.0, 0.4)
)
"""The four parts, as shares of what a model sees of a photo."""

AT_ONCE = PICTURE_BATCH // len(BOXES)
AHEAD = 8

_Read = tuple[Whole, NDArray[np.uint8]]


class CloserLook:
    """Gives photos embeddings of their parts under the model in use. Used by one thread."""

    phase = Phase.LOOKING_CLOSER

    def __init__(self, database: Database, readers: ReaderPool) -> None:
        self.is_wanted = False
        self._database = database
        self._readers = readers
        self._unreadable: set[SegmentId] = set()

    def run(self, embedder: Embedder) -> Iterator[tuple[int, int]]:
        """Looks at the photos that nobody has looked at so; yields how many of how many are done.

        One that cannot be read is passed over until the next start.
        """
        connection = self._database.reading()
        waiting = [
            whole
            for whole in parts.lacking(connection, embedder.vectors.model_id)
            if whole.segment_id not in self._unreadable
        ]
        placed = (
            (whole, *found)
            for whole in waiting
            if (found := files.with_content(connection, whole.content_id)) is not None
        )
        spec = PixelSpec(math.ceil(embedder.pixels.edge_px / SHARE), embedder.pixels.squash)
        read = ahead(
            placed,
            lambda item: self._readers.submit_read(item[1].path, spec, item[1].stamp, item[2]),
            AHEAD,
        )
        batch: list[_Read] = []
        for done, ((whole, *_), outcome) in enumerate(read, start=1):
            if isinstance(outcome, Reading) and outcome.pixels is not None:
                batch.append((whole, outcome.pixels))
            elif not (isinstance(outcome, ReadFailure) and outcome.reason in files.TRANSIENT):
                self._unreadable.add(whole.segment_id)
            if len(batch) == AT_ONCE:
                self._embed(batch, embedder)
                batch = []
            yield done, len(waiting)
        if batch:
            self._embed(batch, embedder)

    def _embed(self, batch: Sequence[_Read], embedder: Embedder) -> None:
        model_id, edge_px = embedder.vectors.model_id, embedder.pixels.edge_px
        cut = [part for _, pixels in batch for part in _corners(pixels, edge_px)]
        own = np.split(embedder.encode_pictures(cut), len(batch))
        photos = np.sort([whole.segment_id for whole, _ in batch])
        pages = embeddings.vectors(self._database.reading(), model_id, photos)
        known = {
            segment: vector
            for segments, vectors in pages
            for segment, vector in zip(segments.tolist(), vectors, strict=True)
        }
        added: list[SegmentId] = []
        kept: list[NDArray[np.float32]] = []
        with self._database.writing() as connection:
            for (whole, _), shown in zip(batch, own, strict=True):
                if whole.segment_id in known:
                    mean = _normalised(known[whole.segment_id].astype(np.float32) + shown)
                    segments = parts.keep(connection, model_id, whole, BOXES, mean)
                    added += segments
                    kept += list(mean[: len(segments)])
        if added:
            embedder.vectors.pictures.add(added, np.stack(kept))


def _corners(pixels: NDArray[np.uint8], edge_px: int) -> Iterator[NDArray[np.uint8]]:
    """The parts of a photo at BOXES, as they are in (P, P, 3) pixels: none is scaled."""
    starts = (0, len(pixels) - edge_px)
    for top in starts:
        for left in starts:
            yield pixels[top : top + edge_px, left : left + edge_px]


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths
