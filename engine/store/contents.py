"""What the bytes of files are: kind, details, and which reader read them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from engine.readings import DateSource, Reading
from engine.records import ContentId, SegmentId
from engine.store import details, segments

ORPHAN_DAYS = 30
"""How long a content without files is kept: a file that is moved by way of another drive, or
restored from the bin, is then not read again."""

_COLUMNS = ("kind", "reader", "reader_version", "textless", *details.COLUMNS)


def with_hash(connection: sqlite3.Connection, content_hash: bytes) -> ContentId | None:
    """The content whose BLAKE3 hash is `content_hash`, if it is known."""
    row = connection.execute("SELECT id FROM contents WHERE hash = ?", (content_hash,)).fetchone()
    return ContentId(row[0]) if row else None


def is_current(
    connection: sqlite3.Connection, content_id: ContentId, versions: Mapping[str, int]
) -> bool:
    """Whether a content was read by a reader of today, and is still known; `versions` are theirs,
    by name."""
    row = connection.execute(
        "SELECT reader, reader_version FROM contents WHERE id = ?", (content_id,)
    ).fetchone()
    if row is None:
        return False
    reader, version = row
    return bool(version >= versions.get(reader, version + (reader == "")))


def awaits_date(connection: sqlite3.Connection, content_id: ContentId, named_at: datetime) -> bool:
    """Whether a content has no date but that of a name, or none, and it is not `named_at`."""
    row = connection.execute(
        "SELECT taken_at FROM contents WHERE id = ? AND (taken_from IS NULL OR taken_from = ?)",
        (content_id, DateSource.NAME),
    ).fetchone()
    return row is not None and row[0] != details.written(named_at)


def keep(
    connection: sqlite3.Connection, content_hash: bytes, reading: Reading
) -> tuple[ContentId, list[tuple[SegmentId, int]]]:
    """Stores what a reader got out of a file, in place of what an earlier one did.

    Tells which of the pictures are new, as `segments.keep` does. Where other pages turn out to be
    without text, it is looked for in them again.
    """
    values = (
        *(reading.kind, reading.reader, reading.reader_version, json.dumps(reading.textless)),
        *details.as_row(reading.details),
    )
    marks = ", ".join("?" * (len(_COLUMNS) + 1))
    content_id = ContentId(
        connection.execute(
            f"""
            INSERT INTO contents (hash, {", ".join(_COLUMNS)}) VALUES ({marks})
            ON CONFLICT (hash) DO UPDATE
            SET {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS)},
                recognised_version = CASE WHEN textless = excluded.textless
                                     THEN recognised_version END
            RETURNING id
            """,
            (content_hash, *values),
        ).fetchone()[0]
    )
    details.index_words(connection, content_id, reading.details)
    return content_id, segments.keep(connection, content_id, reading)


def purge_orphans(connection: sqlite3.Connection, *, at_once: bool = False) -> list[str]:
    """Forgets contents that have had no file for ORPHAN_DAYS, or, `at_once`, that have none.

    What was replaced in its only file is forgotten in any case. Returns their hashes, in
    hexadecimal digits.
    """
    limit = (datetime.now(UTC) - timedelta(days=ORPHAN_DAYS)).isoformat()
    expired, values = ("IS NOT NULL", ()) if at_once else ("<= ?", (limit,))
    forgotten: list[str] = []
    while erased := connection.execute(
        f"DELETE FROM contents WHERE orphaned_at {expired} RETURNING hash", values
    ).fetchall():
        forgotten += [row["hash"].hex() for row in erased]  # they may have held others
    return forgotten


def hash_of(connection: sqlite3.Connection, content_id: ContentId) -> bytes | None:
    """A content's BLAKE3 hash."""
    row = connection.execute("SELECT hash FROM contents WHERE id = ?", (content_id,)).fetchone()
    return bytes(row[0]) if row else None
