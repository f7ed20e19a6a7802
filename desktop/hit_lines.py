"""What the window says of a hit in lines of text: its facts, and why it was found."""

from __future__ import annotations

from pathlib import PurePath

from desktop import formats
from engine.paths import shown, shown_inside
from engine.readings import Kind
from engine.search_records import Band, Hit, Match, Retriever

_MEANS = {Retriever.PHOTO_MEANING: "Looks like it", Retriever.PASSAGE_MEANING: "Is about it"}
_MEANS_LITTLE = {
    Retriever.PHOTO_MEANING: "Looks a little like it",
    Retriever.PASSAGE_MEANING: "Has a little to do with it",
}
_BANDS = {Band.STRONG: "Strong match", Band.MAYBE: "Maybe", Band.WEAK: "Weak match"}
_REASON_SHARE = 0.25
"""A match with less than this share of the best one's chance speaks against the hit."""
_LEAST_TOLD = 0.01
NOT_FOUND = "Not found: moved, renamed, or on a drive that is not connected"
"""Which of these, nobody can tell."""


def name_of(hit: Hit) -> str:
    """The name of a hit's file, in one line though it may have several."""
    return " ".join(shown(PurePath(hit.member or hit.path).name).splitlines())


def in_short(hit: Hit) -> str:
    """Where a hit is, and its date."""
    return f"{shown_inside(hit.path, hit.member)}\n{formats.date(hit.shown_at)}"


def facts_of(hit: Hit) -> list[str]:
    """What a hit says of itself, a line each: its date, its size, its place, where in it it is."""
    facts = [formats.date(hit.shown_at)]
    told = hit.details
    pieces = [formats.size(hit.size_bytes)]
    if told.width and told.height:
        pieces.insert(0, f"{told.width:,} × {told.height:,}")
    if told.duration_s:
        pieces.insert(0, formats.clock(told.duration_s))
    if told.pages:
        pieces.insert(0, formats.count(told.pages, "page", "pages"))
    facts.append(" · ".join(pieces))
    taken_with = (told.camera, told.lens, f"ISO {told.iso}" if told.iso else None)
    place = (told.place.city, told.place.region, told.place.country) if told.place else ()
    facts += filter(
        None,
        (
            " · ".join(filter(None, taken_with)),
            ", ".join(dict.fromkeys(filter(None, place))),
            " · ".join(filter(None, (told.title, told.author and f"by {told.author}"))),
            told.caption if told.caption != told.title else None,
            ", ".join(told.keywords),
            "★" * (told.rating or 0),
            where_in(hit),
            "With " + ", ".join(shown(path.name) for path in hit.companions)
            if hit.companions
            else None,
        ),
    )
    if hit.problem:
        facts.append(f"Text in it could not be looked for: {hit.problem}")
    if not hit.online:
        facts.append(NOT_FOUND)
    return facts


def verdict_of(hit: Hit) -> str:
    """How far a hit can be trusted."""
    chance = f"{hit.score:.0%}" if hit.score >= _LEAST_TOLD else f"less than {_LEAST_TOLD:.0%}"
    return f"{_BANDS[hit.band]}, {chance}"


def reasons_for(hit: Hit) -> list[str]:
    """Why a hit was found, the best reason first."""
    matches = sorted(hit.matches, key=lambda match: -match.score)
    return [
        _reason(match, hit) for match in matches if match.score >= _REASON_SHARE * matches[0].score
    ]


def _reason(match: Match, hit: Hit) -> str:
    means = _MEANS_LITTLE if hit.band is Band.WEAK else _MEANS
    told = means.get(match.retriever, match.detail)
    if match.retriever is Retriever.PASSAGE_MEANING and hit.kind is Kind.PHOTO:
        told = f"Text in it {told[:1].lower()}{told[1:]}"
    return f"{told[:1].upper()}{told[1:]}{' in one part' if match.of_a_part else ''}"


def where_in(hit: Hit) -> str:
    """The page of several, the part or the second that was found."""
    if hit.spot.second is not None:
        return f"At {formats.clock(hit.spot.second)}"
    is_told = hit.kind is Kind.DOCUMENT and hit.details.pages != 1
    page = f"Page {hit.spot.page}" if hit.spot.page and is_told else ""
    return " · ".join(filter(None, (page, hit.section)))
