"""Asks each retriever for its best segments: photo vectors, passage vectors, words, names."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from engine.models.base import Encoder
from engine.records import (
    Calibration,
    ContentId,
    Filters,
    Match,
    Retriever,
    SegmentId,
    SegmentKind,
)
from engine.search.calibrate import chances, scale_of
from engine.search.query import ParsedQuery
from engine.store import fulltext, listing
from engine.store.vectors import VectorIndex

WORDS_CHANCE = 0.9
NAME_CHANCE = 0.8
"""Chances of a hit that has every word asked for, in its text or in its name."""

SPARE = 64
"""Segments asked for beyond the limit, since several may belong to one content or to none."""

LIBRARY_SAMPLE = 1024


@dataclass(frozen=True, slots=True)
class Probe:
    """One part of a query by meaning: a (D,) unit vector, and what its cosines mean.

    `adapted` is compared with photos instead, where it is given.
    """

    vector: NDArray[np.float32]
    photos: Calibration
    passages: Calibration
    adapted: NDArray[np.float32] | None = None

    def towards(self, kind: SegmentKind) -> NDArray[np.float32]:
        """The (D,) vector that segments of `kind` are compared with."""
        if kind is SegmentKind.PHOTO and self.adapted is not None:
            return self.adapted
        return self.vector


@dataclass(frozen=True, slots=True)
class Candidate:
    """A content that a retriever found, by its best segment."""

    content_id: ContentId
    segment_id: SegmentId | None
    match: Match


@dataclass(frozen=True, slots=True)
class Space:
    """Where to look by meaning: the segments of one kind, or those of them that are `allowed`."""

    kind: SegmentKind
    index: VectorIndex
    background: NDArray[np.float32]
    allowed: NDArray[np.int64] | None


def by_meaning(
    connection: sqlite3.Connection, space: Space, probes: Sequence[Probe], limit: int
) -> list[Candidate]:
    """Contents whose segments lie nearest to all probes together.

    Each probe is weighted by the inverse of its deviation, so that words and a picture, whose
    cosines differ in scale, have an equal say: the sum of z-scores is one inner product.
    """
    if not probes:
        return []
    vectors = [probe.towards(space.kind) for probe in probes]
    scales = [scale_of(vector, space.background) for vector in vectors]
    weights = [1 / scale.deviation for scale in scales]
    combined = np.sum([w * v for w, v in zip(weights, vectors, strict=True)], axis=0)
    length = float(np.linalg.norm(combined)) or 1.0
    near = space.index.search((combined / length).astype(np.float32), limit + SPARE, space.allowed)
    baseline = sum(w * scale.mean for w, scale in zip(weights, scales, strict=True))
    z = (near.cosines * length - baseline) / len(probes)
    is_photo = space.kind is SegmentKind.PHOTO
    curves = [probe.photos if is_photo else probe.passages for probe in probes]
    curve = Calibration(
        slope=float(np.mean([c.slope for c in curves])),
        offset=float(np.mean([c.offset for c in curves])),
    )
    retriever = Retriever.PHOTO_MEANING if is_photo else Retriever.PASSAGE_MEANING
    unrelated = "photos" if is_photo else "passages"
    owners = listing.contents_of_segments(connection, near.segments.tolist())
    found: dict[ContentId, Candidate] = {}
    for segment, chance, deviations in zip(
        near.segments.tolist(), chances(z, curve).tolist(), z.tolist(), strict=True
    ):
        owner = owners.get(segment)
        if owner is not None and owner not in found:
            share = min(NormalDist().cdf(deviations), 0.9999)
            detail = f"nearer than {100 * share:.4g} per cent of unrelated {unrelated}"
            match = Match(retriever, len(found) + 1, chance, detail)
            found[owner] = Candidate(owner, segment, match)
    return list(found.values())


def by_words(
    connection: sqlite3.Connection,
    parsed: ParsedQuery,
    allowed: NDArray[np.int64] | None,
    limit: int,
) -> list[Candidate]:
    """Documents one of whose passages has every word and phrase asked for."""
    words = fulltext.words_of(parsed.words)
    expression = fulltext.match_expression(words, parsed.filters.phrases)
    if not expression:
        return []
    reach = limit + SPARE if allowed is None else len(allowed) + limit + SPARE
    segments = fulltext.passages_with(connection, expression, reach)
    if allowed is not None:
        inside = set(allowed.tolist())
        segments = [segment for segment in segments if segment in inside]
    owners = listing.contents_of_segments(connection, segments)
    found: dict[ContentId, Candidate] = {}
    asked = ", ".join(words)
    for segment in segments:
        owner = owners.get(segment)
        if owner is not None and owner not in found:
            match = Match(Retriever.WORDS, len(found) + 1, WORDS_CHANCE, f"its text has: {asked}")
            found[owner] = Candidate(owner, segment, match)
    return list(found.values())


def by_name(connection: sqlite3.Connection, parsed: ParsedQuery, limit: int) -> list[Candidate]:
    """Contents with a file whose name, or folders' names, have every word asked for."""
    words = fulltext.words_of(parsed.words)
    expression = fulltext.match_expression(words, parsed.filters.phrases)
    if not expression:
        return []
    named = fulltext.files_named(connection, expression, limit + SPARE)
    owners = listing.contents_of_files(connection, named)
    found: dict[ContentId, Candidate] = {}
    for file_id in named:
        owner = owners.get(file_id)
        if owner is not None and owner not in found:
            detail = f"its name or folder has: {', '.join(words)}"
            match = Match(Retriever.NAME, len(found) + 1, NAME_CHANCE, detail)
            found[owner] = Candidate(owner, None, match)
    return list(found.values())


def background_of(encoder: Encoder, index: VectorIndex, kind: SegmentKind) -> NDArray[np.float32]:
    """(B, D) segments to compare a query with: the model's own and a sample of the library."""
    return np.concatenate([encoder.background(kind), index.sample(LIBRARY_SAMPLE)])


def narrows(filters: Filters) -> bool:
    """Whether `filters` leave out more than a kind."""
    return bool(
        filters.folder_id is not None
        or filters.folder_words
        or filters.after
        or filters.before
        or filters.extensions
        or filters.phrases
    )
