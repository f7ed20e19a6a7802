"""What the bytes of files are, and the segments that searches return."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from engine.records import ContentId, Passage, Reading, SegmentId, SegmentKind
from engine.store import fulltext

ORPHAN_DAYS = 30
"""How long a content without files is kept: a file that is moved by way of another drive, or
restored from the bin, is then not read again."""


def with_hash(connection: sqlite3.Connection, content_hash: bytes) -> ContentId | None:
    """The content whose BLAKE3 hash is `content_hash`, if it is known."""
    row = connection.execute("SELECT id FROM contents WHERE hash = ?", (content_hash,)).fetchone()
    return ContentId(row[0]) if row else None


def add(
    connection: sqlite3.Connection, content_hash: bytes, reading: Reading
) -> tuple[ContentId, list[SegmentId]]:
    """Stores what a reader got out of a file: its content and its segments."""
    content_id = ContentId(
        connection.execute(
            """
            INSERT INTO contents (hash, kind, width, height, taken_at, camera, title)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            (
                content_hash,
                reading.kind,
                reading.width,
                reading.height,
                reading.taken_at.isoformat(sep=" ") if reading.taken_at else None,
                reading.camera,
                reading.title,
            ),
        ).fetchone()[0]
    )
    if reading.pixels is not None:
        return content_id, [_add_segment(connection, content_id, SegmentKind.PHOTO, None)]
    segments = [
        _add_segment(connection, content_id, SegmentKind.PASSAGE, passage)
        for passage in reading.passages
    ]
    for segment_id, passage in zip(segments, reading.passages, strict=True):
        fulltext.index_passage(connection, segment_id, passage.text)
    return content_id, segments


def passages(connection: sqlite3.Connection, content_id: ContentId) -> list[Passage]:
    """The passages of a document, in reading order."""
    rows = connection.execute(
        "SELECT text, start_char, end_char FROM segments "
        "WHERE content_id = ? AND kind = 'passage' ORDER BY start_char",
        (content_id,),
    )
    return [Passage(text, start, end) for text, start, end in rows]


def purge_orphans(connection: sqlite3.Connection, *, at_once: bool = False) -> None:
    """Forgets contents that have had no file for ORPHAN_DAYS, or, `at_once`, that have none."""
    now = datetime.now(UTC)
    connection.execute(
        """
        UPDATE contents SET orphaned_at = ? WHERE orphaned_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM files WHERE content_id = contents.id)
        """,
        (now.isoformat(),),
    )
    limit = now if at_once else now - timedelta(days=ORPHAN_DAYS)
    connection.execute("DELETE FROM contents WHERE orphaned_at <= ?", (limit.isoformat(),))


def all_hashes(connection: sqlite3.Connection) -> set[str]:
    """Every content's hash, in hexadecimal digits."""
    return {row[0].hex() for row in connection.execute("SELECT hash FROM contents")}


def hash_of(connection: sqlite3.Connection, content_id: ContentId) -> bytes | None:
    """A content's BLAKE3 hash."""
    row = connection.execute("SELECT hash FROM contents WHERE id = ?", (content_id,)).fetchone()
    return bytes(row[0]) if row else None


def _add_segment(
    connection: sqlite3.Connection,
    content_id: ContentId,
    kind: SegmentKind,
    passage: Passage | None,
) -> SegmentId:
    row = connection.execute(
        "INSERT INTO segments (content_id, kind, text, start_char, end_char) "
        "VALUES (?, ?, ?, ?, ?) RETURNING id",
        (
            content_id,
            kind,
            passage.text if passage else None,
            passage.start if passage else None,
            passage.end if passage else None,
        ),
    )
    return SegmentId(row.fetchone()[0])
