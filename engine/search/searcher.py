"""Answers queries: parse, retrieve, fuse, and attach what a hit shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import QueryError
from engine.models.base import Encoder
from engine.paths import shown
from engine.records import (
    Band,
    ContentId,
    Filters,
    Hit,
    Kind,
    PixelSpec,
    Query,
    ReadFailure,
    Reading,
    SearchResult,
    SegmentKind,
)
from engine.search import retrieve
from engine.search.fuse import Ranked, fuse
from engine.search.query import ParsedQuery, parse
from engine.search.retrieve import Probe, Space
from engine.store import embeddings, listing
from engine.store.database import Database
from engine.store.model_index import ModelIndex

BY_EXAMPLE_PASSAGES = 32
"""Passages of a document that stand for it when it is the example."""

Read = Callable[[Path, PixelSpec], Reading | ReadFailure]
Adapt = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(N, D) embeddings of texts as they are compared with photos."""


class Searcher:
    """Answers queries on one library with one model. Safe to use from several threads."""

    def __init__(
        self, database: Database, encoder: Encoder, vectors: ModelIndex, read: Read, adapt: Adapt
    ) -> None:
        self._database = database
        self._encoder = encoder
        self._vectors = vectors
        self._read = read
        self._adapt = adapt

    def search(self, query: Query) -> SearchResult:
        """The best hits for a query; the newest contents where it asks for nothing.

        Raises QueryError where its picture cannot be read.
        """
        started = time.perf_counter()
        parsed = parse(query)
        nothing_asked = not parsed.words and query.picture is None and query.like is None
        hits = self._newest(parsed, query.limit) if nothing_asked else self._found(query, parsed)
        return SearchResult(
            query=query,
            hits=hits,
            seconds=time.perf_counter() - started,
            unknown_words=self._encoder.unknown_words(parsed.words) if parsed.words else (),
        )

    def rank(self, query: Query) -> list[Ranked]:
        """The ranking behind `search`, without the hits' details."""
        parsed = parse(query)
        filters = parsed.filters
        connection = self._database.reading()
        probes = self._probes(query, parsed)
        narrowed = retrieve.narrows(filters)
        lists = []
        for kind, index in (
            (SegmentKind.PHOTO, self._vectors.photos),
            (SegmentKind.PASSAGE, self._vectors.passages),
        ):
            if filters.kind is not None and (kind is SegmentKind.PHOTO) != (
                filters.kind is Kind.PHOTO
            ):
                continue
            allowed = listing.segments(connection, filters, kind) if narrowed else None
            background = retrieve.background_of(self._encoder, index, kind)
            space = Space(kind, index, background, allowed)
            lists.append(retrieve.by_meaning(connection, space, probes, query.limit))
            if kind is SegmentKind.PASSAGE:
                lists.append(retrieve.by_words(connection, parsed, allowed, query.limit))
        lists.append(retrieve.by_name(connection, parsed, query.limit))
        return [ranked for ranked in fuse(lists) if ranked.content_id != query.like]

    def _found(self, query: Query, parsed: ParsedQuery) -> tuple[Hit, ...]:
        connection = self._database.reading()
        ranked = self.rank(query)
        chosen: list[tuple[Ranked, listing.Details]] = []
        for start in range(0, len(ranked), query.limit):
            page = ranked[start : start + query.limit]
            known = listing.details(connection, [r.content_id for r in page], parsed.filters)
            chosen += [(r, known[r.content_id]) for r in page if r.content_id in known]
            if len(chosen) >= query.limit:
                break
        chosen = chosen[: query.limit]
        passages = listing.passage(
            connection, [r.segment_id for r, _ in chosen if r.segment_id is not None]
        )
        hits = []
        for r, details in chosen:
            segment = r.segment_id if r.segment_id is not None else details.segment_id
            snippet, start_char = passages.get(segment, ("", None))
            hits.append(_hit(r, details, snippet, start_char))
        return tuple(hits)

    def _newest(self, parsed: ParsedQuery, limit: int) -> tuple[Hit, ...]:
        connection = self._database.reading()
        rows = listing.newest(connection, parsed.filters, limit)
        openings = listing.passage(
            connection, [row.segment_id for row in rows if row.kind is Kind.DOCUMENT]
        )
        return tuple(
            _hit(
                Ranked(row.content_id, None, 1.0, Band.STRONG, ()),
                row,
                *openings.get(row.segment_id, ("", None)),
            )
            for row in rows
        )

    def _probes(self, query: Query, parsed: ParsedQuery) -> list[Probe]:
        card = self._encoder.card
        probes = []
        if parsed.words:
            vectors = self._encoder.encode_texts([parsed.words])
            adapted = self._adapt(vectors)[0]
            probes.append(
                Probe(vectors[0], card.photo_calibration, card.passage_calibration, adapted)
            )
        if query.picture is not None:
            probes.append(self._probe_of_file(query.picture))
        if query.like is not None:
            probes.extend(self._probes_of_content(query.like))
        return [probe for probe in probes if np.any(probe.vector)]

    def _probe_of_file(self, path: Path) -> Probe:
        card = self._encoder.card
        reading = self._read(path, card.pixels)
        if isinstance(reading, ReadFailure):
            raise QueryError(
                "This file cannot be searched with", f"{shown(path)}: {reading.detail}", path
            )
        if reading.pixels is not None:
            vector = self._encoder.encode_images(reading.pixels[np.newaxis])[0]
            return Probe(vector, card.picture_calibration, card.photo_calibration)
        texts = [passage.text for passage in reading.passages[:BY_EXAMPLE_PASSAGES]]
        vector = _mean(self._encoder.encode_texts(texts))
        return Probe(vector, card.photo_calibration, card.passage_calibration)

    def _probes_of_content(self, content_id: ContentId) -> list[Probe]:
        card = self._encoder.card
        connection = self._database.reading()
        vectors = embeddings.of_content(connection, self._vectors.model_id, content_id)
        known = listing.details(connection, [content_id], Filters()).get(content_id)
        if known is None or not len(vectors):
            return []
        if known.kind is Kind.PHOTO:
            return [Probe(vectors[0], card.picture_calibration, card.photo_calibration)]
        vector = _mean(vectors[:BY_EXAMPLE_PASSAGES])
        return [Probe(vector, card.photo_calibration, card.passage_calibration)]


def _mean(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = vectors.mean(axis=0, dtype=np.float32)
    return mean / max(float(np.linalg.norm(mean)), 1e-12)


def _hit(ranked: Ranked, details: listing.Details, snippet: str, start: int | None) -> Hit:
    return Hit(
        content_id=details.content_id,
        segment_id=ranked.segment_id if ranked.segment_id is not None else details.segment_id,
        file_id=details.file_id,
        path=details.path,
        folder=details.folder,
        kind=details.kind,
        score=ranked.score,
        band=ranked.band,
        matches=ranked.matches,
        size_bytes=details.size_bytes,
        modified_at=details.modified_at,
        online=details.online,
        snippet=snippet,
        snippet_start=start,
        taken_at=details.taken_at,
        width=details.width,
        height=details.height,
        camera=details.camera,
        title=details.title,
        copies=details.copies,
    )
