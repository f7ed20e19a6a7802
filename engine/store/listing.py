"""Reads contents with their files for people: filtered, newest first, or by id with details."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.readings import WHOLE, Box, Details, Kind, Spot
from engine.records import ContentId, FileId, Medium, SegmentId
from engine.search_records import Filters
from engine.store import details as details_store
from engine.store import folding, fulltext
from engine.store import segments as segments_store
from engine.store.embeddings import OF_MEDIUM
from engine.store.filtering import FROM, SHOWN_AT, condition, marks, placed
from engine.store.reach import among_reachable

PAGE = 500

MOST_BRIEF = 80
"""Characters that a text of next to no words has: longer ones are not looked at."""

_NS_PER_S = 1e9

_ONLINE = 2
_REACHABLE = f"{_ONLINE} * {among_reachable('file_id')} + (member = '')"
"""SQLite takes the other columns from the row that holds the max() of this: a file that can be
reached, rather on its own than inside another."""

_OF_NAME = (
    "4 * (last_name(CASE member WHEN '' THEN relative ELSE member END) "
    "IN (?, ? || '.' || placements.extension))"
)
"""Above all it is one of this name, with its extension or without."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a hit shows besides its scores."""

    content_id: ContentId
    segment_id: SegmentId
    file_id: FileId
    path: Path
    member: str
    folder: Path
    kind: Kind
    size_bytes: int
    modified_at: datetime
    online: bool
    details: Details
    has_picture: bool
    problem: str
    copies: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """What satisfies filters: contents, and the (N,) ids of their pictures and of their texts."""

    contents: frozenset[ContentId]
    segments: dict[Medium, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A segment as a hit shows it; `text` is empty where it is a picture."""

    text: str
    start: int | None
    spot: Spot
    section: str
    boxes: tuple[Box, ...]


NOTHING = Excerpt("", None, WHOLE, "", ())
"""Of a content that has no segment."""


def newest(connection: sqlite3.Connection, filters: Filters, limit: int) -> list[Listed]:
    """The contents that satisfy `filters`, newest first."""
    chosen = _in_order(connection, filters, "shown_at DESC", limit)
    found = details(connection, chosen, filters)
    return [found[content_id] for content_id in chosen if content_id in found]


def dated(
    connection: sqlite3.Connection, filters: Filters, span: tuple[date, date], limit: int
) -> list[ContentId]:
    """The contents from a span of days, [first, last), that satisfy `filters`, newest first.

    Those that say themselves when they were taken come before those that were last changed then.
    """
    first, last = span
    then = replace(
        filters,
        after=max(first, filters.after or first),
        before=min(last, filters.before or last),
    )
    return _in_order(connection, then, "taken_at IS NULL, shown_at DESC", limit)


def _in_order(
    connection: sqlite3.Connection, filters: Filters, order: str, limit: int
) -> list[ContentId]:
    """The contents that satisfy `filters`, as they stand at the file that is shown."""
    # What else is shown is read of these alone: the library is large, a page of it is not.
    asked, values = condition(filters)
    rows = connection.execute(
        f"""
        SELECT contents.id, {SHOWN_AT} AS shown_at, max({_REACHABLE})
        {FROM} WHERE {asked} GROUP BY contents.id ORDER BY {order}, contents.id DESC LIMIT ?
        """,
        (*values, limit),
    )
    return [ContentId(row[0]) for row in rows]


def details(
    connection: sqlite3.Connection,
    content_ids: Sequence[ContentId],
    filters: Filters,
    name: str = "",
) -> dict[ContentId, Listed]:
    """What is known of contents, each at a file that satisfies `filters`; the rest is left out.

    Of several files, that whose name is `name`, with its extension or without, is shown.
    """
    asked_name = (folding.folded(name),) * _OF_NAME.count("?")
    asked, values = condition(filters)
    found: dict[ContentId, Listed] = {}
    for page in _pages(content_ids):
        chosen = f"{asked} AND placements.content_id IN ({marks(page)})"
        for row in _details(connection, chosen, [*asked_name, *values, *page]):
            found[row.content_id] = row
    return found


def allowed(connection: sqlite3.Connection, filters: Filters) -> Allowed:
    """What satisfies `filters`."""
    asked, values = condition(filters)
    # As texts: what is asked is asked of every file in the library, and to fetch a million ids one
    # by one takes longer than to find them.
    of_medium = ", ".join(
        f"group_concat(id) FILTER (WHERE {OF_MEDIUM[medium]}) AS {medium.name}" for medium in Medium
    )
    row = connection.execute(
        f"""
        WITH chosen AS MATERIALIZED (SELECT DISTINCT contents.id {FROM} WHERE {asked})
        SELECT {of_medium}, (SELECT group_concat(id) FROM chosen) AS contents
        FROM segments WHERE content_id IN chosen
        """,
        values,
    ).fetchone()
    return Allowed(
        frozenset(_numbers(row["contents"]).tolist()),
        {medium: _numbers(row[medium.name]) for medium in Medium},
    )


def contents_of_segments(
    connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]
) -> dict[SegmentId, ContentId]:
    """Which contents segments belong to; those of contents that are nowhere are left out."""
    found: dict[SegmentId, ContentId] = {}
    for page in _pages(segment_ids):
        found |= {
            SegmentId(row[0]): ContentId(row[1])
            for row in connection.execute(
                f"SELECT id, content_id FROM segments WHERE id IN ({marks(page)}) "
                f"AND {placed('segments.content_id')}",
                page,
            )
        }
    return found


def brief(connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]) -> frozenset[SegmentId]:
    """Segments whose text has next to no words."""
    return frozenset(
        SegmentId(row["id"])
        for page in _pages(segment_ids)
        for row in connection.execute(
            f"SELECT id, text FROM segments WHERE id IN ({marks(page)}) AND length(text) < ?",
            (*page, MOST_BRIEF),
        )
        if fulltext.is_brief(row["text"])
    )


def excerpts(
    connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]
) -> dict[SegmentId, Excerpt]:
    """Segments, as far as they are there."""
    found: dict[SegmentId, Excerpt] = {}
    for page in _pages(segment_ids):
        for row in connection.execute(
            "SELECT id, text, start_char, page, second, section, boxes FROM segments "
            f"WHERE id IN ({marks(page)})",
            page,
        ):
            found[SegmentId(row["id"])] = Excerpt(
                text=row["text"] or "",
                start=row["start_char"],
                spot=Spot(row["page"], row["second"]),
                section=row["section"],
                # Those of lines of text: the part of a photo has none.
                boxes=segments_store.boxes_of(row["boxes"]) if row["text"] else (),
            )
    return found


def companions(
    connection: sqlite3.Connection, file_ids: Sequence[FileId]
) -> dict[FileId, tuple[Path, ...]]:
    """The files that are shown with each of `file_ids`; sidecars are not shown."""
    found: dict[FileId, tuple[Path, ...]] = {}
    for page in _pages(file_ids):
        for leader, path, relative in connection.execute(
            "SELECT leader_id, path, relative FROM files JOIN folders ON folders.id = folder_id "
            f"WHERE leader_id IN ({marks(page)}) AND extension NOT IN ('xmp', 'aae') "
            "ORDER BY relative",
            page,
        ):
            file = Path(os.fsdecode(path), os.fsdecode(relative))
            found[leader] = (*found.get(leader, ()), file)
    return found


def _details(connection: sqlite3.Connection, asked: str, values: Sequence[object]) -> list[Listed]:
    rows = connection.execute(
        f"""
        SELECT contents.id AS content_id, contents.kind, {", ".join(details_store.COLUMNS)},
               file_id, relative, member, size_bytes, modified_ns, folders.path,
               count(*) AS files_count,
               max({_OF_NAME} + {_REACHABLE}) AS fitness,
               (SELECT min(id) FROM segments WHERE content_id = contents.id) AS segment_id,
               EXISTS (SELECT 1 FROM segments WHERE content_id = contents.id AND text IS NULL)
                   AS has_picture, recognition_problem
        {FROM} WHERE {asked} GROUP BY contents.id
        """,
        values,
    )
    return [_row(row) for row in rows]


def _row(row: sqlite3.Row) -> Listed:
    folder = Path(os.fsdecode(row["path"]))
    return Listed(
        content_id=ContentId(row["content_id"]),
        segment_id=SegmentId(row["segment_id"] or 0),
        file_id=FileId(row["file_id"]),
        path=folder / os.fsdecode(row["relative"]),
        member=row["member"],
        folder=folder,
        kind=Kind(row["kind"]),
        size_bytes=row["size_bytes"],
        modified_at=datetime.fromtimestamp(row["modified_ns"] / _NS_PER_S),
        online=bool(row["fitness"] & _ONLINE),
        details=details_store.of_row(row),
        has_picture=bool(row["has_picture"]),
        problem=row["recognition_problem"],
        copies=row["files_count"] - 1,
    )


def _pages(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for start in range(0, len(listed), PAGE):
        yield listed[start : start + PAGE]


def _numbers(listed: str | None) -> NDArray[np.int64]:
    """(N,) numbers in a text, with commas between them."""
    return np.fromstring(listed or "", np.int64, sep=",")
