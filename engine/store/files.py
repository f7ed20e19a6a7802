"""The files: found, waiting, indexed, skipped with a reason, gone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.readings import ReadFailure, SkipReason
from engine.records import ContentId, FileId, FolderId, FoundFile
from engine.store import fulltext
from engine.store.reach import REACHABLE

TRANSIENT = (SkipReason.UNREADABLE, SkipReason.VANISHED, SkipReason.CHANGING)
"""Reasons that may have gone by the next sweep, without a trace in size or mtime."""

PAGE = 256

_CLOSED = "files.size_bytes = 0 AND files.modified_ns = 0"
"""What cannot be looked into has neither: it is no file to read, and stays skipped until a sweep of
its own folder finds it open."""

_BEHIND_ALL = b"\xff" * 256
"""Longer than any name: no path comes after it."""


def begin_sweep(connection: sqlite3.Connection) -> None:
    """Forgets which files were seen: a sweep starts."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS seen (relative BLOB PRIMARY KEY) WITHOUT ROWID"
    )
    connection.execute("DELETE FROM seen")


def register(connection: sqlite3.Connection, found: Sequence[FoundFile]) -> int:
    """Records files that a sweep saw; those that are new or changed wait to be read.

    A file whose size and mtime are as recorded is left alone. Returns how many now wait.
    """
    rows = [
        (
            file.folder_id,
            os.fsencode(file.relative),
            file.relative.suffix.lower().lstrip(".").encode("utf-8", "replace").decode(),
            file.size_bytes,
            file.modified_ns,
        )
        for file in found
    ]
    connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(row[1],) for row in rows])
    waiting = 0
    for file, row in zip(found, rows, strict=True):
        changed = connection.execute(
            """
            INSERT INTO files (folder_id, relative, extension, size_bytes, modified_ns, state)
            VALUES (?, ?, ?, ?, ?, 'waiting')
            ON CONFLICT (folder_id, relative) DO UPDATE SET
                size_bytes = excluded.size_bytes, modified_ns = excluded.modified_ns,
                state = 'waiting'
            WHERE size_bytes != excluded.size_bytes OR modified_ns != excluded.modified_ns
            RETURNING id
            """,
            row,
        ).fetchone()
        if changed is not None:
            fulltext.index_name(connection, FileId(changed[0]), file.root.name, file.relative)
            waiting += 1
    return waiting


def register_closed(
    connection: sqlite3.Connection, folder_id: FolderId, relative: Path, detail: str
) -> None:
    """Records a folder that cannot be listed as skipped, and keeps what is known below it."""
    below = os.fsencode(relative)
    connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (below,))
    connection.execute(
        "INSERT OR IGNORE INTO seen SELECT relative FROM files "
        "WHERE folder_id = :folder AND relative >= :prefix AND relative < :prefix_end",
        {"folder": folder_id, **bounds(relative)},
    )
    row = connection.execute(
        """
        INSERT INTO files (folder_id, relative, extension, size_bytes, modified_ns, state)
        VALUES (?, ?, '', 0, 0, 'waiting')
        ON CONFLICT (folder_id, relative) DO UPDATE SET state = 'waiting' RETURNING id
        """,
        (folder_id, below),
    ).fetchone()
    failure = ReadFailure(
        SkipReason.UNREADABLE,
        f"This cannot be looked into ({detail}). Give yourself permission to open it, or connect "
        "its drive, then retry.",
    )
    mark_skipped(connection, [FileId(row[0])], failure, edition="")


def forget_unseen(connection: sqlite3.Connection, folder_id: FolderId, below: Path) -> int:
    """Removes the files at or under `below` that the sweep did not see. Returns how many."""
    return connection.execute(
        """
        DELETE FROM files WHERE folder_id = :folder
            AND relative >= :below AND relative < :prefix_end
            AND (relative = :below OR relative >= :prefix)
            AND relative NOT IN (SELECT relative FROM seen)
        """,
        {"folder": folder_id, **bounds(below)},
    ).rowcount


def retry_skipped(connection: sqlite3.Connection, reasons: Iterable[SkipReason]) -> int:
    """Lets files that were skipped for one of `reasons` wait again. Returns how many."""
    marks = [reason.value for reason in reasons]
    return connection.execute(
        f"""
        UPDATE files SET state = 'waiting' WHERE state = 'skipped' AND NOT ({_CLOSED}) AND id IN
            (SELECT file_id FROM skips WHERE reason IN ({", ".join("?" * len(marks))}))
        """,
        marks,
    ).rowcount


def count_waiting(connection: sqlite3.Connection) -> int:
    """How many files in folders that can be reached wait to be read."""
    row = connection.execute(
        "SELECT count(*) FROM files JOIN folders ON folders.id = folder_id "
        f"WHERE files.state = 'waiting' AND {REACHABLE}"
    )
    return int(row.fetchone()[0])


def waiting(connection: sqlite3.Connection) -> Iterator[tuple[FileId, FoundFile]]:
    """The files that wait to be read, newest first, a page at a time."""
    last = (2**63 - 1, 2**63 - 1)
    while True:
        rows = connection.execute(
            f"""
            SELECT files.id, folder_id, path, relative, size_bytes, modified_ns
            FROM files JOIN folders ON folders.id = folder_id
            WHERE files.state = 'waiting' AND {REACHABLE}
                AND (modified_ns, files.id) < (?, ?)
            ORDER BY modified_ns DESC, files.id DESC LIMIT ?
            """,
            (*last, PAGE),
        ).fetchall()
        for row in rows:
            yield FileId(row["id"]), _found(row)
        if len(rows) < PAGE:
            return
        last = (rows[-1]["modified_ns"], rows[-1]["id"])


def mark_indexed(
    connection: sqlite3.Connection, file_ids: Iterable[FileId], content_id: ContentId
) -> None:
    """Links files to what their bytes are."""
    for file_id in file_ids:
        connection.execute(
            "UPDATE files SET state = 'indexed', content_id = ? WHERE id = ?", (content_id, file_id)
        )
        connection.execute("DELETE FROM skips WHERE file_id = ?", (file_id,))
    connection.execute("UPDATE contents SET orphaned_at = NULL WHERE id = ?", (content_id,))


def existing(connection: sqlite3.Connection, file_ids: Iterable[FileId]) -> list[FileId]:
    """Those of `file_ids` that are still known."""
    return [
        file_id
        for file_id in file_ids
        if connection.execute("SELECT 1 FROM files WHERE id = ?", (file_id,)).fetchone()
    ]


def mark_skipped(
    connection: sqlite3.Connection,
    file_ids: Iterable[FileId],
    failure: ReadFailure,
    edition: str,
) -> None:
    """Records why files were not indexed; a file that is gone from the table stays gone.

    What is known of one that cannot be opened stays: another program may hold it, or a cloud drive
    have its bytes. `edition` is that of the readers that could not read them, "" where none was
    asked.
    """
    known = "content_id" if failure.reason is SkipReason.UNREADABLE else "NULL"
    for file_id in file_ids:
        if connection.execute(
            f"UPDATE files SET state = 'skipped', content_id = {known} WHERE id = ?", (file_id,)
        ).rowcount:
            connection.execute(
                """
                INSERT INTO skips (file_id, reason, detail, attempts, skipped_at, edition)
                VALUES (?, ?, ?, 1, ?, ?)
                ON CONFLICT (file_id) DO UPDATE SET reason = excluded.reason,
                    detail = excluded.detail, attempts = attempts + 1,
                    skipped_at = excluded.skipped_at, edition = excluded.edition
                """,
                (file_id, failure.reason, failure.detail, datetime.now(UTC).isoformat(), edition),
            )


def contents_by_path(connection: sqlite3.Connection) -> dict[Path, ContentId]:
    """Which content each indexed file has."""
    rows = connection.execute(
        "SELECT path, relative, content_id FROM files JOIN folders ON folders.id = folder_id "
        "WHERE content_id IS NOT NULL"
    )
    return {
        Path(os.fsdecode(path), os.fsdecode(relative)): ContentId(content_id)
        for path, relative, content_id in rows
    }


def places(connection: sqlite3.Connection, content_id: ContentId) -> list[tuple[Path, str]]:
    """The files that have these bytes, each with the name of the one inside it that does, or ""."""
    rows = connection.execute(
        "SELECT path, relative, member FROM placements JOIN folders ON folders.id = folder_id "
        "WHERE content_id = ? ORDER BY path, relative, member",
        (content_id,),
    )
    return [
        (Path(os.fsdecode(path), os.fsdecode(relative)), member) for path, relative, member in rows
    ]


def with_content(
    connection: sqlite3.Connection, content_id: ContentId
) -> tuple[FoundFile, str] | None:
    """A file that has these bytes and can be reached, if there is one, as it was last seen.

    With it the name of the file inside it that has them, or "" where it is these bytes itself.
    """
    row = connection.execute(
        "SELECT folder_id, path, relative, size_bytes, modified_ns, member FROM ("
        "SELECT file_id, member FROM placements WHERE content_id = ?) "
        "JOIN files ON files.id = file_id JOIN folders ON folders.id = folder_id "
        f"WHERE files.state = 'indexed' AND {REACHABLE} ORDER BY member LIMIT 1",
        (content_id,),
    ).fetchone()
    return (_found(row), row["member"]) if row else None


def read_again(connection: sqlite3.Connection, versions: Mapping[str, int], edition: str) -> int:
    """Lets files wait whose content, or one inside, was read by an earlier version of a reader.

    Those that readers of another edition could not read wait too. `versions` are those of today, by
    the readers' names. Returns how many files now wait.
    """
    connection.execute(
        "UPDATE contents SET reader_version = 0 WHERE id IN "
        "(SELECT container_id FROM members WHERE reason IS NOT NULL AND edition != ?)",
        (edition,),
    )
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS readers (name TEXT PRIMARY KEY, version)")
    connection.execute("DELETE FROM readers")
    connection.executemany("INSERT INTO readers VALUES (?, ?)", versions.items())
    return connection.execute(
        f"""
        UPDATE files SET state = 'waiting' WHERE state = 'indexed' AND id IN (
            SELECT file_id FROM placements JOIN contents ON contents.id = content_id
            LEFT JOIN readers ON readers.name = reader
            WHERE reader = '' OR reader_version < readers.version)
        OR state = 'skipped' AND NOT ({_CLOSED})
            AND id IN (SELECT file_id FROM skips WHERE edition != ?)
        """,
        (edition,),
    ).rowcount


def bounds(below: Path) -> dict[str, bytes]:
    """What the paths under `below` lie between, in the order of their bytes: `prefix` included,
    `prefix_end` not. Before them comes `below` itself, as it is stored."""
    if below == Path():
        return {"below": b"", "prefix": b"", "prefix_end": _BEHIND_ALL}
    stored = os.fsencode(below)
    prefix = stored + os.fsencode(os.sep)
    end = prefix[:-1] + bytes([prefix[-1] + 1])
    return {"below": stored, "prefix": prefix, "prefix_end": end}


def _found(row: sqlite3.Row) -> FoundFile:
    return FoundFile(
        folder_id=FolderId(row["folder_id"]),
        root=Path(os.fsdecode(row["path"])),
        relative=Path(os.fsdecode(row["relative"])),
        size_bytes=row["size_bytes"],
        modified_ns=row["modified_ns"],
    )
