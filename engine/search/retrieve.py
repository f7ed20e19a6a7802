"""Asks each retriever for its best segments: photo vectors, passage vectors, words, names."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from engine.records import Calibration, ContentId, Medium, Null, SegmentId
from engine.search.calibrate import Scale, chances, scale_of
from engine.search.dates import span_of
from engine.search.query import ParsedQuery
from engine.search_records import Filters, Match, Retriever
from engine.store import fulltext, listing, parts, worded
from engine.store.vectors import Neighbours, VectorIndex
from engine.store.worded import Among

WORDS_CHANCE = 0.9
DETAILS_CHANCE = 0.85
NAME_CHANCE = 0.8
"""Chances of a hit that has every word asked for: in its text, in what it says of itself, or in
its name."""

IN_PASSING_CHANCE = 0.45
"""The chance of a hit that has a word or two of `FEW_WORDS` in less than `ABOUT_SHARE` of its text:
a novel has every word somewhere."""
FEW_WORDS = 2
ABOUT_SHARE = 0.1

BEGINS_CHANCE = 0.4
"""The chance of a hit whose name has the words, the last of them only as its beginning."""

BESIDE_A_PICTURE = 0.45
"""The highest chance of a hit by words alone where a picture was asked with, too."""

DATE_CHANCE = 0.85
"""The chance of a hit that is from the year, month or day that was asked for."""

BRIEF_CHANCE = 0.2
"""The highest chance, by its meaning alone, of a text of next to no words: it is near to much."""

EXACT_NAME_CHANCE = 0.99
"""The chance of a hit whose name is what was asked for."""

SPARE = 64
"""Segments asked for beyond the limit, since several may belong to one content or to none."""

REACHES = {Medium.PICTURE: (4, 16, 64), Medium.TEXT: (1, 8, 64)}
"""How many times as many are asked for, at first and where the nearest belong to too few contents.
Most of a photo's parts are near what it is near to, and to look twice takes twice as long; a
mailbox may have thousands of passages that are nearer than any letter."""

PART_AHEAD = 0.25
"""By how many standard deviations a part is nearer than it means: the best of a photo's five
vectors is nearer by chance than its one."""

LIBRARY_SAMPLE = 1024
"""Segments of the library that a query is compared with."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One part of a query by meaning: what pictures and what texts are asked with, both (D + 1,),
    and what their nearness means. `most` is the highest chance of what is found by it alone.
    """

    pictures: NDArray[np.float32]
    texts: NDArray[np.float32]
    photos: Calibration
    passages: Calibration
    most: float = 1.0

    def towards(self, medium: Medium) -> NDArray[np.float32]:
        """The (D + 1,) vector that segments of `medium` are compared with."""
        return self.pictures if medium is Medium.PICTURE else self.texts


@dataclass(frozen=True, slots=True)
class Candidate:
    """A content that a retriever found, by its best segment.

    It `is_named` where its name is what was asked for, rather than has the words.
    """

    content_id: ContentId
    segment_id: SegmentId | None
    match: Match
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Space:
    """Where to look by meaning: the pictures or the texts, or those of them that are `allowed`.

    Queries are compared with what the index has of unrelated segments and with a (S, D + 1)
    `sample` of the library.
    """

    medium: Medium
    index: VectorIndex
    sample: NDArray[np.float32]
    allowed: NDArray[np.int64] | None

    def scale(self, vector: NDArray[np.float32], null: Null) -> Scale:
        """The scale of a (D + 1,) query here."""
        return scale_of(vector, self.index.unrelated, self.sample, null)


def by_meaning(
    connection: sqlite3.Connection, space: Space, probes: Sequence[Probe], limit: int
) -> list[Candidate]:
    """Contents whose segments lie nearest to all probes together.

    Each probe is weighted by the inverse of the deviation of all its cosines, so that words and a
    picture, whose cosines differ in scale, have an equal say: the sum of z-scores is one inner
    product. Probes of which the model knows nothing, which are zeros, have none.
    """
    probes = [probe for probe in probes if np.any(probe.towards(space.medium))]
    if not probes:
        return []
    vectors = [probe.towards(space.medium) for probe in probes]
    is_photo = space.medium is Medium.PICTURE
    curves = [probe.photos if is_photo else probe.passages for probe in probes]
    weights = [1 / space.scale(vector, Null.ALL).deviation for vector in vectors]
    scales = [space.scale(v, curve.null) for v, curve in zip(vectors, curves, strict=True)]
    combined = np.sum([w * v for w, v in zip(weights, vectors, strict=True)], axis=0)
    length = float(np.linalg.norm(combined)) or 1.0
    near, owners = _nearest(connection, space, (combined / length).astype(np.float32), limit)
    baseline = sum(w * scale.centre for w, scale in zip(weights, scales, strict=True))
    deviation = sum(w * scale.deviation for w, scale in zip(weights, scales, strict=True))
    segments = near.segments.tolist()
    in_part = parts.among(connection, owners) if is_photo else frozenset()
    ahead = np.array([PART_AHEAD if segment in in_part else 0.0 for segment in segments])
    z = (near.nearness * length - baseline) / deviation - ahead
    curve = Calibration(
        slope=float(np.mean([c.slope for c in curves])),
        offset=float(np.mean([c.offset for c in curves])),
    )
    most = max(probe.most for probe in probes)
    brief = listing.brief(connection, list(owners)) if not is_photo else frozenset()
    likely = [min(most, BRIEF_CHANCE) if segment in brief else most for segment in segments]
    right = np.minimum(chances(z, curve), likely)
    retriever = Retriever.PHOTO_MEANING if is_photo else Retriever.PASSAGE_MEANING
    unrelated = "photos" if is_photo else "passages"
    found: dict[ContentId, Candidate] = {}
    for at in np.argsort(-z, kind="stable").tolist():
        segment = segments[at]
        owner = owners.get(segment)
        if owner is not None and owner not in found:
            share = min(NormalDist().cdf(float(z[at])), 0.99)
            detail = f"closer than {share:.0%} of unrelated {unrelated}"
            of_a_part = segment in in_part
            told = f"a part of it is {detail}" if of_a_part else detail
            match = Match(retriever, len(found) + 1, float(right[at]), told, of_a_part)
            found[owner] = Candidate(owner, segment, match)
    return list(found.values())


def _nearest(
    connection: sqlite3.Connection, space: Space, vector: NDArray[np.float32], limit: int
) -> tuple[Neighbours, dict[SegmentId, ContentId]]:
    """The segments nearest to a (D + 1,) vector, of `limit` contents if so many are in reach.

    With them the contents that they belong to. What is of contents that are nowhere any more, as of
    a mailbox that was deleted, does not stand before the others.
    """
    for times in REACHES[space.medium]:
        wanted = times * (limit + SPARE)
        near, owners = _owned(connection, space, vector, wanted)
        if len(near.segments) < wanted or len(set(owners.values())) >= limit:
            break
    else:
        if len(owners) < len(near.segments):
            placed = listing.allowed(connection, Filters()).segments[space.medium]
            if space.allowed is not None:
                placed = np.intersect1d(placed, space.allowed)
            near, owners = _owned(connection, replace(space, allowed=placed), vector, wanted)
    in_order = dict.fromkeys(owners[each] for each in near.segments.tolist() if each in owners)
    nearest = set(islice(in_order, limit + SPARE))  # the others were asked for in vain
    return near, {segment: owner for segment, owner in owners.items() if owner in nearest}


def _owned(
    connection: sqlite3.Connection, space: Space, vector: NDArray[np.float32], wanted: int
) -> tuple[Neighbours, dict[SegmentId, ContentId]]:
    """The `wanted` segments nearest to a (D + 1,) vector, and the contents that they belong to."""
    near = space.index.search(vector, wanted, space.allowed)
    return near, listing.contents_of_segments(connection, near.segments.tolist())


def by_words(
    connection: sqlite3.Connection, parsed: ParsedQuery, among: Among, limit: int
) -> list[Candidate]:
    """Contents one of whose passages has every word and phrase asked for."""
    words, expression = _expression(parsed)
    if not expression:
        return []
    found = worded.by_passages(connection, expression, among, limit)
    detail = f"its text has: {', '.join(words)}"
    is_telling = len(words) > FEW_WORDS or bool(parsed.filters.phrases)
    chances_of = [
        WORDS_CHANCE if is_telling or each.share >= ABOUT_SHARE else IN_PASSING_CHANCE
        for each in found
    ]
    return [
        Candidate(each.content_id, each.segment_id, Match(Retriever.WORDS, rank, chance, detail))
        for rank, (each, chance) in enumerate(zip(found, chances_of, strict=True), start=1)
    ]


def by_details(
    connection: sqlite3.Connection, parsed: ParsedQuery, among: Among, limit: int
) -> list[Candidate]:
    """Contents that say every word asked for of themselves: a place, a tag, a camera, a title."""
    words, expression = _expression(parsed)
    if not expression:
        return []
    said = worded.by_details(connection, expression, among, limit)
    detail = f"its title, place, tags or camera have: {', '.join(words)}"
    return _named(said, Retriever.DETAILS, DETAILS_CHANCE, detail)


def by_name(
    connection: sqlite3.Connection, parsed: ParsedQuery, among: Among, limit: int
) -> list[Candidate]:
    """Contents with a file whose name, or folders' names, have every word asked for.

    Those whose name is what was asked for come first, those that have but the beginning of the last
    word come last.
    """
    words, expression = _expression(parsed)
    if not expression:
        return []
    found = worded.by_names(connection, parsed.words, expression, among, limit)
    exact = [content_id for content_id, is_exact in found if is_exact]
    others = [content_id for content_id, is_exact in found if not is_exact]
    detail = f"its name is: {parsed.words}"
    have = [
        replace(candidate, is_named=True)
        for candidate in _named(exact, Retriever.NAME, EXACT_NAME_CHANCE, detail)
    ]
    detail = f"its name or folder has: {', '.join(words)}"
    have += _named(others, Retriever.NAME, NAME_CHANCE, detail, after=len(exact))
    beginning = fulltext.beginning_expression(words, parsed.filters.phrases)
    if not beginning:
        return have
    known = {candidate.content_id for candidate in have}
    begun = worded.by_names(connection, parsed.words, beginning, among, limit)
    more = [content_id for content_id, _ in begun if content_id not in known]
    detail = f"its name or folder has words that begin so: {', '.join(words)}"
    return have + _named(more, Retriever.NAME, BEGINS_CHANCE, detail, after=len(have))


def by_date(connection: sqlite3.Connection, parsed: ParsedQuery, limit: int) -> list[Candidate]:
    """Contents from the year, month or day that the words are, where they are one.

    Beside other words a date is a word: `after:` and `before:` are there for that.
    """
    span = span_of(parsed.words)
    if span is None:
        return []
    dated = listing.dated(connection, parsed.filters, span, limit)
    return _named(dated, Retriever.DATE, DATE_CHANCE, f"it is from {parsed.words}")


def beside_a_picture(candidates: Sequence[Candidate]) -> list[Candidate]:
    """What words alone found, where they were to change what a picture or an example means."""
    return [
        replace(
            candidate,
            match=replace(candidate.match, score=min(candidate.match.score, BESIDE_A_PICTURE)),
            is_named=False,
        )
        for candidate in candidates
    ]


def _expression(parsed: ParsedQuery) -> tuple[list[str], str]:
    """The words that tell files apart, and what asks for them and for the phrases; "" for none."""
    words = fulltext.words_of(parsed.words)
    return words, fulltext.match_expression(words, parsed.filters.phrases)


def _named(
    contents: Sequence[ContentId],
    retriever: Retriever,
    chance: float,
    detail: str,
    after: int = 0,
) -> list[Candidate]:
    """Contents in this order, found as a whole rather than by a segment, `after` others."""
    return [
        Candidate(content_id, None, Match(retriever, rank, chance, detail))
        for rank, content_id in enumerate(contents, start=after + 1)
    ]
