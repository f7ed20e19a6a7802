"""Answers queries: parse, retrieve, fuse, and attach what a hit shows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.models.languages import unknown_language
from engine.readings import Box
from engine.records import ContentId, Medium, SegmentId, Skip
from engine.search import retrieve
from engine.search.calibrate import band_of
from engine.search.fuse import Ranked, fuse
from engine.search.probes import Answering, Prober, Read, of_words
from engine.search.query import ParsedQuery, parse
from engine.search.regions import best_region
from engine.search.retrieve import Space
from engine.search_records import Band, Filters, Hit, Query, SearchResult
from engine.store import census, embeddings, fulltext, listing
from engine.store.database import Database
from engine.store.listing import Allowed

MOST_LEFT_OUT = 2000
"""About how many contents, at most, one unwanted word takes away by what they show."""

SKIPS_TOLD = 3
"""How many of the skipped files of the name asked for are told."""


class Searcher:
    """Answers queries on one library. Safe to use from several threads.

    Of several models, each answers for the segments that those before it have no vectors of:
    vectors of two models never meet, and no segment is found twice.
    """

    def __init__(self, database: Database, models: Sequence[Answering], read: Read) -> None:
        self._database = database
        self._models = tuple(models)
        self._prober = Prober(database, read)

    def search(self, query: Query) -> SearchResult:
        """The best hits for a query; the newest contents where it asks for nothing.

        Raises QueryError where its picture cannot be read.
        """
        started = time.perf_counter()
        parsed = parse(query)
        nothing_asked = not parsed.words and query.picture is None and query.like is None
        hits = self._newest(parsed, query.limit) if nothing_asked else self._found(query, parsed)
        encoder, words = self._models[0].encoder, parsed.words
        skipped, skips = self._skipped(parsed)
        return SearchResult(
            query=query,
            hits=hits,
            seconds=time.perf_counter() - started,
            words=tuple(fulltext.words_of(words)),
            unknown_words=encoder.unknown_words(words) if words else (),
            unknown_language=unknown_language(words, encoder.card.languages) if words else None,
            no_filters=parsed.no_filters,
            skipped=skipped,
            skips=tuple(skips),
        )

    def rank(self, query: Query) -> list[Ranked]:
        """The ranking behind `search`, without the hits' details."""
        parsed = parse(query)
        connection = self._database.reading()
        allowed = _allowed(connection, parsed.filters)
        among = allowed.contents if allowed is not None else None
        left_out = self._showing(connection, parsed.filters, allowed)
        limit = query.limit + len(left_out)
        lists = [
            retrieve.by_meaning(connection, space, probes, limit)
            for model in self._models
            if (probes := self._prober.of(model, query, parsed.words))
            for space in self._spaces(connection, model, allowed)
        ]
        said = [
            retrieve.by_words(connection, parsed, among, limit),
            retrieve.by_details(connection, parsed, among, limit),
            retrieve.by_name(connection, parsed, among, limit),
            retrieve.by_date(connection, parsed, limit),
        ]
        if query.picture is not None or query.like is not None:
            said = [retrieve.beside_a_picture(found) for found in said]
        return [
            ranked
            for ranked in fuse(lists + said)
            if ranked.content_id != query.like and ranked.content_id not in left_out
        ]

    def region(self, query: Query, jpeg: bytes) -> Box | None:
        """The part of a picture that the words of `query` fit best; None where none stands out.

        Raises OSError where the picture is damaged.
        """
        model = self._models[0]
        spaces = self._spaces(self._database.reading(), model, None)
        pictures = next(space for space in spaces if space.medium is Medium.PICTURE)
        for probe in of_words(model, parse(query).words):
            if np.any(probe.pictures):
                near = partial(_nearness, model, pictures, probe.pictures)
                scale = pictures.scale(probe.pictures, probe.photos.null)
                return best_region(jpeg, model.encoder.card.pixels, near, scale, probe.photos)
        return None

    def _showing(
        self, connection: sqlite3.Connection, filters: Filters, allowed: Allowed | None
    ) -> set[ContentId]:
        """The contents with a picture that shows what is not wanted: those that a search for it
        would find, and not as weak hits.
        """
        if not filters.without:
            return set()
        return {
            candidate.content_id
            for model in self._models
            for space in self._spaces(connection, model, allowed)
            if space.medium is Medium.PICTURE
            for words in filters.without
            for candidate in retrieve.by_meaning(
                connection, space, of_words(model, words), MOST_LEFT_OUT
            )
            if band_of(candidate.match.score) is not Band.WEAK
        }

    def _spaces(
        self, connection: sqlite3.Connection, model: Answering, allowed: Allowed | None
    ) -> Iterator[Space]:
        """Where `model` looks: what is allowed and no model before it answers for."""
        before = self._models[: self._models.index(model)]
        for medium in Medium:
            asked = allowed.segments[medium] if allowed is not None else None
            index, inside = model.vectors.of(medium), asked
            if before:
                inside = embeddings.keys(connection, model.vectors.model_id, medium)
                for other in before:
                    taken = embeddings.answered(connection, other.vectors.model_id, medium)
                    inside = np.setdiff1d(inside, taken, assume_unique=True)
                if asked is not None:
                    inside = np.intersect1d(inside, asked)
            yield Space(medium, index, index.sample(retrieve.LIBRARY_SAMPLE), inside)

    def _skipped(self, parsed: ParsedQuery) -> tuple[int, list[Skip]]:
        """How many files of the name asked for were not indexed, and some of them."""
        words = fulltext.words_of(parsed.words)
        if not words:
            return 0, []
        connection = self._database.reading()
        return census.skips_named(connection, words, parsed.filters, SKIPS_TOLD)

    def _found(self, query: Query, parsed: ParsedQuery) -> tuple[Hit, ...]:
        connection = self._database.reading()
        ranked = self.rank(query)
        chosen: list[tuple[Ranked, listing.Listed]] = []
        for start in range(0, len(ranked), query.limit):
            page = ranked[start : start + query.limit]
            contents = [each.content_id for each in page]
            known = listing.details(connection, contents, parsed.filters, parsed.words)
            chosen += [(r, known[r.content_id]) for r in page if r.content_id in known]
            if len(chosen) >= query.limit:
                break
        chosen = chosen[: query.limit]
        return _hits(connection, chosen)

    def _newest(self, parsed: ParsedQuery, limit: int) -> tuple[Hit, ...]:
        connection = self._database.reading()
        left_out: set[ContentId] = set()
        if parsed.filters.without:
            allowed = _allowed(connection, parsed.filters)
            left_out = self._showing(connection, parsed.filters, allowed)
        rows = listing.newest(connection, parsed.filters, limit + len(left_out))
        chosen = [
            (Ranked(row.content_id, None, 1.0, Band.STRONG, ()), row)
            for row in rows
            if row.content_id not in left_out
        ]
        return _hits(connection, chosen[:limit])


def _nearness(
    model: Answering, space: Space, asked: NDArray[np.float32], pixels: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """How near (N, E, E, 3) pictures are to (D + 1,) words, as those of the library are."""
    nearness: NDArray[np.float32] = space.index.level(model.encoder.encode_images(pixels)) @ asked
    return nearness


def _allowed(connection: sqlite3.Connection, filters: Filters) -> Allowed | None:
    """What `filters` ask for; None where they ask for all."""
    return listing.allowed(connection, filters) if filters != Filters() else None


def _hits(
    connection: sqlite3.Connection, chosen: Sequence[tuple[Ranked, listing.Listed]]
) -> tuple[Hit, ...]:
    speakers = [_speaker(ranked, listed) for ranked, listed in chosen]
    excerpts = listing.excerpts(connection, speakers)
    companions = listing.companions(connection, [listed.file_id for _, listed in chosen])
    return tuple(
        Hit(
            content_id=listed.content_id,
            segment_id=segment_id,
            file_id=listed.file_id,
            path=listed.path,
            member=listed.member,
            folder=listed.folder,
            kind=listed.kind,
            score=ranked.score,
            band=ranked.band,
            matches=ranked.matches,
            size_bytes=listed.size_bytes,
            modified_at=listed.modified_at,
            online=listed.online,
            snippet=excerpt.text,
            snippet_start=excerpt.start,
            spot=excerpt.spot,
            section=excerpt.section,
            boxes=excerpt.boxes,
            details=listed.details,
            has_picture=listed.has_picture,
            problem=listed.problem,
            companions=companions.get(listed.file_id, ()) if not listed.member else (),
            copies=listed.copies,
        )
        for segment_id, (ranked, listed) in zip(speakers, chosen, strict=True)
        for excerpt in [excerpts.get(segment_id, listing.NOTHING)]
    )


def _speaker(ranked: Ranked, listed: listing.Listed) -> SegmentId:
    return ranked.segment_id if ranked.segment_id is not None else listed.segment_id
