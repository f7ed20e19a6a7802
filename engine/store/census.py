"""The library in numbers, and every file that was not indexed, with its reason."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from engine.readings import Kind, SkipReason
from engine.records import Counts, FileId, FolderId, Skip
from engine.search_records import Filters
from engine.store import folding, fulltext
from engine.store.filtering import condition
from engine.store.reach import among_reachable
from engine.store.worded import MOST_RANKED

_SKIPPED = """
    SELECT files.id, folder_id, relative, '' AS member, extension, reason, detail, attempts,
           skipped_at
    FROM {skips} JOIN files ON files.id = file_id
    UNION ALL
    SELECT files.id, folder_id, relative, name, members.extension, reason, detail, 1, read_at
    FROM {members} JOIN files ON files.content_id = container_id
    WHERE reason IS NOT NULL
    """
_ALL_SKIPPED = _SKIPPED.format(skips="skips", members="members")
_NEWEST = f"(SELECT rowid AS row FROM {{}}(?) ORDER BY rowid DESC LIMIT {MOST_RANKED}) CROSS JOIN"
_NAMED = _SKIPPED.format(
    skips=f"{_NEWEST.format('name_words')} skips ON file_id = row",
    members=f"{_NEWEST.format('member_words')} members ON members.id = row",
)
_IN_ORDER = f"ORDER BY reason = '{SkipReason.UNSUPPORTED}', reason, path, relative, member"


def skips(connection: sqlite3.Connection) -> list[Skip]:
    """Every file that was not indexed, and every one inside another, with its reason.

    Files of unknown types come last.
    """
    rows = connection.execute(
        f"SELECT * FROM ({_ALL_SKIPPED}) JOIN folders ON folders.id = folder_id {_IN_ORDER}"
    )
    return [_skip(row) for row in rows]


def skips_named(
    connection: sqlite3.Connection, words: Sequence[str], filters: Filters, most: int
) -> tuple[int, list[Skip]]:
    """How many files with all of `words` in their name were not indexed, and `most` of them.

    Of `filters`, those of folders and extensions count: the others ask for what nobody has read.
    """
    where = Filters(
        folder_id=filters.folder_id,
        folder_words=filters.folder_words,
        extensions=filters.extensions,
    )
    asked, values = condition(where)
    # Full text finds the words in the names of folders, too.
    name = "last_name(CASE member WHEN '' THEN relative ELSE member END)"
    has_words = " AND ".join([f"instr({name}, ?)"] * len(words))
    expression = fulltext.match_expression(words)
    rows = connection.execute(
        f"""
        SELECT *, count(*) OVER () AS total
        FROM ({_NAMED}) AS placements JOIN folders ON folders.id = folder_id
        WHERE {asked} AND {has_words} {_IN_ORDER} LIMIT ?
        """,
        (expression, expression, *values, *map(folding.folded, words), most),
    ).fetchall()
    return rows[0]["total"] if rows else 0, [_skip(row) for row in rows]


def _skip(row: sqlite3.Row) -> Skip:
    return Skip(
        file_id=FileId(row["id"]),
        path=Path(os.fsdecode(row["path"]), os.fsdecode(row["relative"])),
        reason=SkipReason(row["reason"]),
        detail=row["detail"],
        attempts=row["attempts"],
        skipped_at=datetime.fromisoformat(row["skipped_at"]),
        member=row["member"],
    )


def counts(connection: sqlite3.Connection) -> Counts:
    """The library in numbers."""
    row = connection.execute(
        f"""
        SELECT count(*) AS files, coalesce(sum(files.state = 'indexed'), 0) AS indexed,
               coalesce(sum(files.state = 'waiting'), 0) AS waiting,
               coalesce(sum(files.state = 'skipped'), 0) AS skipped,
               coalesce(sum(files.state = 'companion'), 0) AS companions,
               coalesce(sum(NOT {among_reachable("files.id")}), 0) AS offline
        FROM files JOIN folders ON folders.id = folder_id
        """
    ).fetchone()
    # As they are listed: each content once, wherever it is.
    kinds = dict(
        connection.execute(
            "SELECT kind, count(*) FROM contents "
            "WHERE id IN (SELECT content_id FROM placements) GROUP BY kind"
        ).fetchall()
    )
    listed_in = connection.execute(
        "SELECT folder_id, count(DISTINCT content_id) FROM placements GROUP BY folder_id"
    )
    reasons = connection.execute(f"SELECT reason, count(*) FROM ({_ALL_SKIPPED}) GROUP BY reason")
    return Counts(
        **dict(row),
        photos=kinds.get(Kind.PHOTO, 0),
        documents=kinds.get(Kind.DOCUMENT, 0),
        videos=kinds.get(Kind.VIDEO, 0),
        archives=kinds.get(Kind.ARCHIVE, 0),
        listed_in={FolderId(folder): count for folder, count in listed_in},
        skipped_by_reason={SkipReason(reason): count for reason, count in reasons},
    )
