"""The files inside files: what an archive holds and what is attached to a mail."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from engine.readings import Member, ReadFailure
from engine.records import LATEST_NS, ContentId
from engine.store import fulltext

_NS_PER_S = 1_000_000_000


def keep(
    connection: sqlite3.Connection,
    container_id: ContentId,
    members: Sequence[tuple[Member, ContentId | None]],
    edition: str,
) -> None:
    """Makes `members`, each with its content where it was read, those of a content.

    `edition` is that of the readers that looked at them.
    """
    connection.execute("DELETE FROM members WHERE container_id = ?", (container_id,))
    for member, content_id in members:
        failure = member.outcome if isinstance(member.outcome, ReadFailure) else None
        modified_ns = None
        if member.modified_at is not None:
            # Archives and mails say what they like; SQLite's integers end in 1677 and in 2262.
            since_epoch_ns = int(member.modified_at.timestamp()) * _NS_PER_S
            modified_ns = max(-LATEST_NS, min(since_epoch_ns, LATEST_NS))
        row = connection.execute(
            """
            INSERT INTO members (container_id, name, extension, size_bytes, modified_ns,
                                 content_id, reason, detail, read_at, edition)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            (
                *(container_id, member.name),
                PurePosixPath(member.name).suffix.lower().lstrip("."),
                *(member.size_bytes, modified_ns, content_id),
                *((failure.reason, failure.detail) if failure else (None, None)),
                *(datetime.now(UTC).isoformat(), edition),
            ),
        )
        fulltext.index_member(connection, row.fetchone()[0], member.name)
        if content_id is not None:
            connection.execute("UPDATE contents SET orphaned_at = NULL WHERE id = ?", (content_id,))
