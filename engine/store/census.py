"""The library in numbers, and every file that was not indexed, with its reason."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from engine.readings import Kind, SkipReason
from engine.records import Counts, FileId, FolderId, Skip

_SKIPPED = """
    SELECT files.id, path, relative, '' AS member, reason, detail, attempts, skipped_at
    FROM skips JOIN files ON files.id = file_id JOIN folders ON folders.id = folder_id
    UNION ALL
    SELECT files.id, path, relative, name, reason, detail, 1, read_at
    FROM members JOIN files ON files.content_id = container_id
    JOIN folders ON folders.id = folder_id WHERE reason IS NOT NULL
    """


def skips(connection: sqlite3.Connection) -> list[Skip]:
    """Every file that was not indexed, and every one inside another, with its reason.

    Files of unknown types come last.
    """
    rows = connection.execute(
        f"SELECT * FROM ({_SKIPPED}) ORDER BY reason = ?, reason, path, relative, member",
        (SkipReason.UNSUPPORTED,),
    )
    return [
        Skip(
            file_id=FileId(row["id"]),
            path=Path(os.fsdecode(row["path"]), os.fsdecode(row["relative"])),
            reason=SkipReason(row["reason"]),
            detail=row["detail"],
            attempts=row["attempts"],
            skipped_at=datetime.fromisoformat(row["skipped_at"]),
            member=row["member"],
        )
        for row in rows
    ]


def counts(connection: sqlite3.Connection) -> Counts:
    """The library in numbers."""
    row = connection.execute(
        """
        SELECT count(*) AS files, coalesce(sum(files.state = 'indexed'), 0) AS indexed,
               coalesce(sum(files.state = 'waiting'), 0) AS waiting,
               coalesce(sum(files.state = 'skipped'), 0) AS skipped,
               coalesce(sum(files.state = 'companion'), 0) AS companions,
               coalesce(sum(folders.state = 'offline'), 0) AS offline
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
    reasons = connection.execute(f"SELECT reason, count(*) FROM ({_SKIPPED}) GROUP BY reason")
    return Counts(
        **dict(row),
        photos=kinds.get(Kind.PHOTO, 0),
        documents=kinds.get(Kind.DOCUMENT, 0),
        videos=kinds.get(Kind.VIDEO, 0),
        archives=kinds.get(Kind.ARCHIVE, 0),
        listed_in={FolderId(folder): count for folder, count in listed_in},
        skipped_by_reason={SkipReason(reason): count for reason, count in reasons},
    )
