"""Fuses the retrievers' lists into one ranking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from engine.records import ContentId, SegmentId
from engine.search.calibrate import band_of
from engine.search.retrieve import Candidate
from engine.search_records import Band, Match, Retriever

RRF_K = 60
WEIGHTS = {
    Retriever.PHOTO_MEANING: 1.0,
    Retriever.PASSAGE_MEANING: 1.0,
    Retriever.WORDS: 1.0,
    Retriever.DETAILS: 0.7,
    Retriever.NAME: 0.7,
    Retriever.DATE: 1.0,
}
_BAND_ORDER = {Band.STRONG: 0, Band.MAYBE: 1, Band.WEAK: 2}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A content in the fused ranking, by the segment that speaks for it."""

    content_id: ContentId
    segment_id: SegmentId | None
    score: float
    band: Band
    matches: tuple[Match, ...]


def fuse(lists: Iterable[list[Candidate]]) -> list[Ranked]:
    """One ranking out of several, best first.

    Those whose name is what was asked for come before all others: nothing else is as certain to be
    meant. Contents are ordered by band, that of their best chance of being right, and within a band
    by weighted reciprocal rank fusion (Cormack, Clarke & Büttcher, 2009): the sum over retrievers
    of weight / (60 + rank); the chance decides between equals. In the weak band, where a first rank
    means nothing, it alone decides. A score is a content's best chance, and never above that of the
    content before it.
    """
    found: dict[ContentId, list[Candidate]] = {}
    for candidates in lists:
        for candidate in candidates:
            found.setdefault(candidate.content_id, []).append(candidate)
    entries = []
    for content, group in found.items():
        chance = max(candidate.match.score for candidate in group)
        band = band_of(chance)
        merit = chance if band is Band.WEAK else _reciprocal_ranks(group)
        is_other = not any(candidate.is_named for candidate in group)
        entries.append((is_other, _BAND_ORDER[band], -merit, -chance, content, band))
    entries.sort()
    ranked: list[Ranked] = []
    ceiling = 1.0
    for *_, negated, content, band in entries:
        ceiling = min(ceiling, -negated)
        ranked.append(
            Ranked(
                content_id=content,
                segment_id=_speaker(found[content]),
                score=ceiling,
                band=band,
                matches=tuple(candidate.match for candidate in found[content]),
            )
        )
    return ranked


def _reciprocal_ranks(group: list[Candidate]) -> float:
    # The same in any order of the lists, which a plain sum is not.
    return fsum(WEIGHTS[c.match.retriever] / (RRF_K + c.match.rank) for c in group)


def _speaker(group: list[Candidate]) -> SegmentId | None:
    """The segment to show: where the words asked for stand, else the likeliest to be meant."""
    if len(group) > 1:
        group = sorted(
            group, key=lambda c: (c.match.retriever is not Retriever.WORDS, -c.match.score)
        )
    return next((c.segment_id for c in group if c.segment_id is not None), None)
