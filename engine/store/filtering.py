"""What a query's filters ask of a content and of where it is, as conditions in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.search_records import Filters
from engine.store import folding, fulltext

FROM = (
    "FROM placements CROSS JOIN contents ON contents.id = placements.content_id "
    "CROSS JOIN folders ON folders.id = placements.folder_id"
)
"""The rows that a condition is about: each content at each place where it is."""
# CROSS keeps SQLite from building an index of the placements for each search.

SHOWN_AT = (
    "coalesce(taken_at, strftime('%Y-%m-%d %H:%M:%S', modified_ns / 1000000000, "
    "'unixepoch', 'localtime'))"
)

_STANDS = (
    "(file_id IN (SELECT rowid FROM name_words WHERE name_words MATCH ?) "
    "OR contents.id IN (SELECT rowid FROM detail_words WHERE detail_words MATCH ?) "
    "OR contents.id IN (SELECT content_id FROM members WHERE content_id IS NOT NULL AND id IN "
    "(SELECT rowid FROM member_words WHERE member_words MATCH ?)) "
    "OR contents.id IN (SELECT content_id FROM segments WHERE id IN "
    "(SELECT rowid FROM passage_words WHERE passage_words MATCH ?)))"
)
"""That what an expression of full text asks for stands in a name, in details or in a passage."""

_ANY = "EXISTS (SELECT 1 FROM json_each({of}) WHERE instr(folded(value), ?))"
"""That one of the values that are stored as JSON holds a word."""


def placed(column: str) -> str:
    """That the content whose id is in `column`, as in `segments.content_id`, is anywhere."""
    # Out of the indexes of the two tables behind placements.
    there = (
        "files AS there WHERE",
        "members AS there JOIN files AS holder ON holder.content_id = there.container_id WHERE",
    )
    places = (f"EXISTS (SELECT 1 FROM {at} there.content_id = {column})" for at in there)
    return f"({' OR '.join(places)})"


def condition(filters: Filters) -> tuple[str, list[object]]:
    """What rows of FROM must satisfy, and the values in it."""
    clauses: list[str] = ["1"]
    values: list[object] = []

    def require(clause: str, *bound: object) -> None:
        clauses.append(clause)
        values.extend(bound)

    if filters.kind is not None:
        require("contents.kind = ?", filters.kind)
    if filters.folder_id is not None:
        require("placements.folder_id = ?", filters.folder_id)
    for word in filters.folder_words:
        # Windows separates by backslashes, in what is stored and in what is typed.
        folders = "folders_of(folders.path, relative)"
        require(f"instr({folders}, ?)", folding.folded(word.replace("\\", "/")))
    if filters.after is not None:
        require(f"{SHOWN_AT} >= ?", filters.after.isoformat())
    if filters.before is not None:
        require(f"{SHOWN_AT} < ?", filters.before.isoformat())
    if filters.extensions:
        require(f"placements.extension IN ({marks(filters.extensions)})", *filters.extensions)
    for clause, bound in _said(filters):
        require(clause, *bound)
    phrases = fulltext.match_expression([], filters.phrases)
    if phrases:
        require(_STANDS, *(phrases,) * _STANDS.count("?"))
    for unwanted in filters.without:
        expression = fulltext.match_expression([], [unwanted])
        require(f"NOT {_STANDS}", *(expression,) * _STANDS.count("?"))
    for other in filters.excluding:
        clause, bound = condition(other)
        require(f"NOT coalesce(({clause}), 0)", *bound)  # what says nothing of itself is not it
    return " AND ".join(clauses), values


def marks(values: Sequence[object]) -> str:
    """A question mark for each of `values`."""
    return ", ".join("?" * len(values))


def _said(filters: Filters) -> Iterator[tuple[str, Sequence[object]]]:
    """What a file has to say of itself: conditions, and the values in them."""
    for words, holds in (
        (filters.cameras, "instr(folded(coalesce(camera, '') || ' ' || coalesce(lens, '')), ?)"),
        (filters.places, _ANY.format(of="place")),
        (filters.tags, _ANY.format(of="keywords")),
        (filters.authors, "instr(folded(coalesce(author, '')), ?)"),
    ):
        for word in words:
            yield holds, (folding.folded(word),)
    if filters.languages:
        yield f"language IN ({marks(filters.languages)})", filters.languages
    for numbers in filters.ranges:
        if numbers.least is not None:
            yield f"{numbers.of} >= ?", (numbers.least,)
        if numbers.most is not None:
            yield f"{numbers.of} <= ?", (numbers.most,)
