"""Reads contents with their files for people: filtered, newest first, or by id with details."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.readings import WHOLE, Box, Details, Kind, Spot
from engine.records import ContentId, FileId, Filters, FolderState, Medium, SegmentId
from engine.store import details as details_store
from engine.store import fulltext
from engine.store import segments as segments_store
from engine.store.embeddings import OF_MEDIUM

PAGE = 500

Id = TypeVar("Id", bound=int)
_NS_PER_S = 1e9

_SHOWN_AT = (
    "coalesce(taken_at, strftime('%Y-%m-%d %H:%M:%S', modified_ns / 1000000000, "
    "'unixepoch', 'localtime'))"
)
_FROM = (
    "FROM placements JOIN contents ON contents.id = placements.content_id "
    "JOIN folders ON folders.id = placements.folder_id"
)


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
    condition, values = _condition(filters)
    return _details(connection, condition, values, f"ORDER BY {_SHOWN_AT} DESC LIMIT {int(limit)}")


def details(
    connection: sqlite3.Connection, content_ids: Sequence[ContentId], filters: Filters
) -> dict[ContentId, Listed]:
    """What is known of contents, each at a file that satisfies `filters`; the rest is left out."""
    condition, values = _condition(filters)
    found: dict[ContentId, Listed] = {}
    for page in _pages(content_ids):
        chosen = f"{condition} AND placements.content_id IN ({_marks(page)})"
        for row in _details(connection, chosen, [*values, *page], ""):
            found[row.content_id] = row
    return found


def segments(connection: sqlite3.Connection, filters: Filters, medium: Medium) -> NDArray[np.int64]:
    """(N,) ids of the pictures, or of the texts, whose content satisfies `filters`."""
    condition, values = _condition(filters)
    rows = connection.execute(
        f"SELECT id FROM segments WHERE {OF_MEDIUM[medium]} AND content_id IN "
        f"(SELECT contents.id {_FROM} WHERE {condition})",
        values,
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def contents_of_segments(
    connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]
) -> dict[SegmentId, ContentId]:
    """Which contents segments belong to."""
    found: dict[SegmentId, ContentId] = {}
    for page in _pages(segment_ids):
        found |= {
            SegmentId(row[0]): ContentId(row[1])
            for row in connection.execute(
                f"SELECT id, content_id FROM segments WHERE id IN ({_marks(page)})", page
            )
        }
    return found


def contents_of_files(
    connection: sqlite3.Connection, file_ids: Sequence[FileId]
) -> dict[FileId, ContentId]:
    """Which contents files have; files without one are left out."""
    return _owners(connection, "files", file_ids)


def contents_of_members(
    connection: sqlite3.Connection, member_ids: Sequence[int]
) -> dict[int, ContentId]:
    """Which contents files inside files have; those without one are left out."""
    return _owners(connection, "members", member_ids)


def excerpts(
    connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]
) -> dict[SegmentId, Excerpt]:
    """Segments, as far as they are there."""
    found: dict[SegmentId, Excerpt] = {}
    for page in _pages(segment_ids):
        for row in connection.execute(
            "SELECT id, text, start_char, page, second, section, boxes FROM segments "
            f"WHERE id IN ({_marks(page)})",
            page,
        ):
            found[SegmentId(row["id"])] = Excerpt(
                text=row["text"] or "",
                start=row["start_char"],
                spot=Spot(row["page"], row["second"]),
                section=row["section"],
                boxes=segments_store.boxes_of(row["boxes"]),
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
            f"WHERE leader_id IN ({_marks(page)}) AND extension NOT IN ('xmp', 'aae') "
            "ORDER BY relative",
            page,
        ):
            file = Path(os.fsdecode(path), os.fsdecode(relative))
            found[leader] = (*found.get(leader, ()), file)
    return found


def _owners(connection: sqlite3.Connection, table: str, ids: Sequence[Id]) -> dict[Id, ContentId]:
    found: dict[Id, ContentId] = {}
    for page in _pages(ids):
        found |= dict(
            connection.execute(
                f"SELECT id, content_id FROM {table} "
                f"WHERE content_id IS NOT NULL AND id IN ({_marks(page)})",
                page,
            ).fetchall()
        )
    return found


def _details(
    connection: sqlite3.Connection, condition: str, values: Sequence[object], order: str
) -> list[Listed]:
    # SQLite takes the other columns from the row that holds the max(): a file that can be reached,
    # rather on its own than inside another.
    rows = connection.execute(
        f"""
        SELECT contents.id AS content_id, contents.kind, {", ".join(details_store.COLUMNS)},
               file_id, relative, member, size_bytes, modified_ns, folders.path, folders.state,
               count(*) AS files_count,
               max(2 * (folders.state = 'online') + (member = '')) AS reachable,
               (SELECT min(id) FROM segments WHERE content_id = contents.id) AS segment_id,
               EXISTS (SELECT 1 FROM segments WHERE content_id = contents.id AND text IS NULL)
                   AS has_picture, recognition_problem
        {_FROM} WHERE {condition} GROUP BY contents.id {order}
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
        online=row["state"] == FolderState.ONLINE,
        details=details_store.of_row(row),
        has_picture=bool(row["has_picture"]),
        problem=row["recognition_problem"],
        copies=row["files_count"] - 1,
    )


def _condition(filters: Filters) -> tuple[str, list[object]]:
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
        # The bytes are only compared as text here; a name in another encoding is not found by it.
        require(
            "CAST(folders.path || '/' || relative AS TEXT) LIKE ? ESCAPE '\\'",
            f"%{_escaped(word)}%/%",
        )
    if filters.after is not None:
        require(f"{_SHOWN_AT} >= ?", filters.after.isoformat())
    if filters.before is not None:
        require(f"{_SHOWN_AT} < ?", filters.before.isoformat())
    if filters.extensions:
        require(f"placements.extension IN ({_marks(filters.extensions)})", *filters.extensions)
    for clause, bound in _said(filters):
        require(clause, *bound)
    phrases = fulltext.match_expression([], filters.phrases)
    if phrases:
        require(
            "(file_id IN (SELECT rowid FROM name_words WHERE name_words MATCH ?) "
            "OR contents.id IN (SELECT rowid FROM detail_words WHERE detail_words MATCH ?) "
            "OR contents.id IN (SELECT content_id FROM members WHERE id IN "
            "(SELECT rowid FROM member_words WHERE member_words MATCH ?)) "
            "OR contents.id IN (SELECT content_id FROM segments WHERE id IN "
            "(SELECT rowid FROM passage_words WHERE passage_words MATCH ?)))",
            *(phrases,) * 4,
        )
    return " AND ".join(clauses), values


def _said(filters: Filters) -> Iterator[tuple[str, Sequence[object]]]:
    """What a file has to say of itself: conditions, and the values in them."""
    for words, columns in (
        (filters.cameras, "coalesce(camera, '') || ' ' || coalesce(lens, '')"),
        (filters.places, "place"),
        (filters.tags, "keywords"),
        (filters.authors, "author"),
    ):
        for word in words:
            yield f"{columns} LIKE ? ESCAPE '\\'", (f"%{_escaped(word)}%",)
    if filters.languages:
        yield f"language IN ({_marks(filters.languages)})", filters.languages
    for numbers in filters.ranges:
        if numbers.least is not None:
            yield f"{numbers.of} >= ?", (numbers.least,)
        if numbers.most is not None:
            yield f"{numbers.of} <= ?", (numbers.most,)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _pages(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for start in range(0, len(listed), PAGE):
        yield listed[start : start + PAGE]
