"""Reads contents with their files for people: filtered, newest first, or by id with details."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.records import (
    ContentId,
    FileId,
    Filters,
    FolderState,
    Kind,
    SegmentId,
    SegmentKind,
)
from engine.store import fulltext

PAGE = 500
_NS_PER_S = 1e9

_SHOWN_AT = (
    "coalesce(taken_at, strftime('%Y-%m-%d %H:%M:%S', modified_ns / 1000000000, "
    "'unixepoch', 'localtime'))"
)
_FROM = (
    "FROM files JOIN contents ON contents.id = files.content_id "
    "JOIN folders ON folders.id = files.folder_id"
)


@dataclass(frozen=True, slots=True)
class Details:
    """What a hit shows besides its scores."""

    content_id: ContentId
    segment_id: SegmentId
    file_id: FileId
    path: Path
    folder: Path
    kind: Kind
    size_bytes: int
    modified_at: datetime
    online: bool
    taken_at: datetime | None
    width: int | None
    height: int | None
    camera: str | None
    title: str | None
    copies: int


def newest(connection: sqlite3.Connection, filters: Filters, limit: int) -> list[Details]:
    """The contents that satisfy `filters`, newest first."""
    condition, values = _condition(filters)
    return _details(connection, condition, values, f"ORDER BY {_SHOWN_AT} DESC LIMIT {int(limit)}")


def details(
    connection: sqlite3.Connection, content_ids: Sequence[ContentId], filters: Filters
) -> dict[ContentId, Details]:
    """What is known of contents, each at a file that satisfies `filters`; the rest is left out."""
    condition, values = _condition(filters)
    found: dict[ContentId, Details] = {}
    for page in _pages(content_ids):
        chosen = f"{condition} AND contents.id IN ({_marks(page)})"
        for row in _details(connection, chosen, [*values, *page], ""):
            found[row.content_id] = row
    return found


def segments(
    connection: sqlite3.Connection, filters: Filters, kind: SegmentKind
) -> NDArray[np.int64]:
    """(N,) ids of the segments of `kind` whose content satisfies `filters`."""
    condition, values = _condition(filters)
    rows = connection.execute(
        f"SELECT id FROM segments WHERE kind = ? AND content_id IN "
        f"(SELECT contents.id {_FROM} WHERE {condition})",
        [kind, *values],
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
    found: dict[FileId, ContentId] = {}
    for page in _pages(file_ids):
        found |= {
            FileId(row[0]): ContentId(row[1])
            for row in connection.execute(
                "SELECT id, content_id FROM files "
                f"WHERE content_id IS NOT NULL AND id IN ({_marks(page)})",
                page,
            )
        }
    return found


def passage(
    connection: sqlite3.Connection, segment_ids: Sequence[SegmentId]
) -> dict[SegmentId, tuple[str, int]]:
    """The text of passages and their offsets in their documents, in characters."""
    found: dict[SegmentId, tuple[str, int]] = {}
    for page in _pages(segment_ids):
        found |= {
            SegmentId(row[0]): (row[1], row[2])
            for row in connection.execute(
                "SELECT id, text, start_char FROM segments "
                f"WHERE kind = 'passage' AND id IN ({_marks(page)})",
                page,
            )
        }
    return found


def _details(
    connection: sqlite3.Connection, condition: str, values: Sequence[object], order: str
) -> list[Details]:
    # SQLite takes the other columns from the row that holds the max(): a file that can be reached.
    rows = connection.execute(
        f"""
        SELECT contents.id AS content_id, contents.kind, width, height, taken_at, camera, title,
               files.id AS file_id, relative, size_bytes, modified_ns, folders.path,
               folders.state, count(*) AS files_count, max(folders.state = 'online') AS reachable,
               (SELECT min(id) FROM segments WHERE content_id = contents.id) AS segment_id
        {_FROM} WHERE {condition} GROUP BY contents.id {order}
        """,
        values,
    )
    return [_row(row) for row in rows]


def _row(row: sqlite3.Row) -> Details:
    folder = Path(os.fsdecode(row["path"]))
    taken_at = row["taken_at"]
    return Details(
        content_id=ContentId(row["content_id"]),
        segment_id=SegmentId(row["segment_id"] or 0),
        file_id=FileId(row["file_id"]),
        path=folder / os.fsdecode(row["relative"]),
        folder=folder,
        kind=Kind(row["kind"]),
        size_bytes=row["size_bytes"],
        modified_at=datetime.fromtimestamp(row["modified_ns"] / _NS_PER_S),
        online=row["state"] == FolderState.ONLINE,
        taken_at=datetime.fromisoformat(taken_at) if taken_at else None,
        width=row["width"],
        height=row["height"],
        camera=row["camera"],
        title=row["title"],
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
        require("files.folder_id = ?", filters.folder_id)
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
        require(f"files.extension IN ({_marks(filters.extensions)})", *filters.extensions)
    phrases = fulltext.match_expression([], filters.phrases)
    if phrases:
        require(
            "(files.id IN (SELECT rowid FROM name_words WHERE name_words MATCH ?) "
            "OR contents.id IN (SELECT content_id FROM segments WHERE id IN "
            "(SELECT rowid FROM passage_words WHERE passage_words MATCH ?)))",
            phrases,
            phrases,
        )
    return " AND ".join(clauses), values


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _pages(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = list(ids)
    for start in range(0, len(listed), PAGE):
        yield listed[start : start + PAGE]
