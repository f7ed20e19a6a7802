"""Answers queries: parse, retrieve, fuse, and attach what a hit shows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import QueryError
from engine.models.base import Encoder
from engine.models.languages import unknown_language
from engine.models.openclip import prompts
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

_Allowed = dict[SegmentKind, NDArray[np.int64] | None]
"""For each kind of segment, the ids of those that may be found; None is all."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A model that answers: its encoder, its vectors, and what it was taught."""

    encoder: Encoder
    vectors: ModelIndex
    adapt: Adapt


class Searcher:
    """Answers queries on one library. Safe to use from several threads.

    Of several models, each answers for the segments that those before it have no vectors of:
    vectors of two models never meet, and no segment is found twice.
    """

    def __init__(self, database: Database, models: Sequence[Answering], read: Read) -> None:
        self._database = database
        self._models = tuple(models)
        self._read = read

    def search(self, query: Query) -> SearchResult:
        """The best hits for a query; the newest contents where it asks for nothing.

        Raises QueryError where its picture cannot be read.
        """
        started = time.perf_counter()
        parsed = parse(query)
        nothing_asked = not parsed.words and query.picture is None and query.like is None
        hits = self._newest(parsed, query.limit) if nothing_asked else self._found(query, parsed)
        encoder, words = self._models[0].encoder, parsed.words
        return SearchResult(
            query=query,
            hits=hits,
            seconds=time.perf_counter() - started,
            unknown_words=encoder.unknown_words(words) if words else (),
            unknown_language=unknown_language(words, encoder.card.languages) if words else None,
        )

    def rank(self, query: Query) -> list[Ranked]:
        """The ranking behind `search`, without the hits' details."""
        parsed = parse(query)
        connection = self._database.reading()
        allowed = _allowed(connection, parsed.filters)
        lists = [
            retrieve.by_meaning(connection, space, probes, query.limit)
            for model in self._models
            if (probes := self._probes(model, query, parsed))
            for space in self._spaces(connection, model, allowed)
        ]
        if SegmentKind.PASSAGE in allowed:
            inside = allowed[SegmentKind.PASSAGE]
            lists.append(retrieve.by_words(connection, parsed, inside, query.limit))
        lists.append(retrieve.by_name(connection, parsed, query.limit))
        return [ranked for ranked in fuse(lists) if ranked.content_id != query.like]

    def _spaces(
        self, connection: sqlite3.Connection, model: Answering, allowed: _Allowed
    ) -> Iterator[Space]:
        """Where `model` looks: what is allowed and no model before it answers for."""
        before = self._models[: self._models.index(model)]
        for kind, asked in allowed.items():
            index, inside = model.vectors.of(kind), asked
            if before:
                inside = embeddings.keys(connection, model.vectors.model_id, kind)
                for other in before:
                    taken = embeddings.keys(connection, other.vectors.model_id, kind)
                    inside = np.setdiff1d(inside, taken, assume_unique=True)
                if asked is not None:
                    inside = np.intersect1d(inside, asked)
            background = retrieve.background_of(model.encoder, index, kind)
            yield Space(kind, index, background, inside)

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

    def _probes(self, model: Answering, query: Query, parsed: ParsedQuery) -> list[Probe]:
        card = model.encoder.card
        probes = []
        if parsed.words:
            vectors = model.encoder.encode_texts([parsed.words])
            dressed = vectors
            if prompts.uses_templates(model.encoder):
                dressed = prompts.encode_queries(model.encoder, [parsed.words])
            adapted = model.adapt(dressed)[0]
            probes.append(
                Probe(vectors[0], card.photo_calibration, card.passage_calibration, adapted)
            )
        if query.picture is not None:
            probes.append(self._probe_of_file(model, query.picture))
        if query.like is not None:
            probes.extend(self._probes_of_content(model, query.like))
        return [probe for probe in probes if np.any(probe.vector)]

    def _probe_of_file(self, model: Answering, path: Path) -> Probe:
        card = model.encoder.card
        reading = self._read(path, card.pixels)
        if isinstance(reading, ReadFailure):
            raise QueryError(
                "This file cannot be searched with", f"{shown(path)}: {reading.detail}", path
            )
        if reading.pixels is not None:
            vector = model.encoder.encode_images(reading.pixels[np.newaxis])[0]
            return Probe(vector, card.picture_calibration, card.photo_calibration)
        texts = [passage.text for passage in reading.passages[:BY_EXAMPLE_PASSAGES]]
        vector = _mean(model.encoder.encode_texts(texts))
        return Probe(vector, card.photo_calibration, card.passage_calibration)

    def _probes_of_content(self, model: Answering, content_id: ContentId) -> list[Probe]:
        card = model.encoder.card
        connection = self._database.reading()
        vectors = embeddings.of_content(connection, model.vectors.model_id, content_id)
        known = listing.details(connection, [content_id], Filters()).get(content_id)
        if known is None or not len(vectors):
            return []
        if known.kind is Kind.PHOTO:
            return [Probe(vectors[0], card.picture_calibration, card.photo_calibration)]
        vector = _mean(vectors[:BY_EXAMPLE_PASSAGES])
        return [Probe(vector, card.photo_calibration, card.passage_calibration)]


def _allowed(connection: sqlite3.Connection, filters: Filters) -> _Allowed:
    """The kinds of segment that `filters` ask for, and which of them where they ask for less."""
    wanted = {
        None: (SegmentKind.PHOTO, SegmentKind.PASSAGE),
        Kind.PHOTO: (SegmentKind.PHOTO,),
        Kind.DOCUMENT: (SegmentKind.PASSAGE,),
    }[filters.kind]
    narrowed = retrieve.narrows(filters)
    return {
        kind: listing.segments(connection, filters, kind) if narrowed else None for kind in wanted
    }


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
