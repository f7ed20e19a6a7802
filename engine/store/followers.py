"""Files that are shown with another, their leader, and are not read themselves."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from engine.records import FileId, FolderId


@dataclass(frozen=True, slots=True)
class Beneath:
    """A file of a folder, with its place in it and what it follows."""

    file_id: FileId
    parent: Path
    name: str
    state: str
    leader_id: FileId | None


def beneath(connection: sqlite3.Connection, folder_id: FolderId, below: Path) -> list[Beneath]:
    """The files under `below`, or beside it where it is a file; those of one folder together."""
    # Of neighbours whose names begin alike too, which does no harm.
    prefix = b"" if below.parent == Path() else os.fsencode(below.parent)
    rows = connection.execute(
        "SELECT id, relative, state, leader_id FROM files "
        "WHERE folder_id = ? AND substr(relative, 1, ?) = ?",
        (folder_id, len(prefix), prefix),
    ).fetchall()
    listed = [
        Beneath(FileId(row[0]), relative.parent, relative.name, row[2], row[3])
        for row in rows
        for relative in [Path(os.fsdecode(row[1]))]
    ]
    return sorted(listed, key=lambda file: file.parent)


def has_any(connection: sqlite3.Connection, file_id: FileId) -> bool:
    """Whether any file is shown with this one."""
    row = connection.execute("SELECT 1 FROM files WHERE leader_id = ? LIMIT 1", (file_id,))
    return row.fetchone() is not None


def follow(connection: sqlite3.Connection, file_id: FileId, leader_id: FileId) -> None:
    """Has a file shown with another from now on."""
    connection.execute(
        "UPDATE files SET state = 'companion', content_id = NULL, leader_id = ? WHERE id = ?",
        (leader_id, file_id),
    )
    connection.execute("DELETE FROM skips WHERE file_id = ?", (file_id,))


def stand_alone(connection: sqlite3.Connection, file_id: FileId) -> None:
    """Lets a file that followed another wait to be read itself."""
    connection.execute(
        "UPDATE files SET state = 'waiting', leader_id = NULL WHERE id = ?", (file_id,)
    )


def read_again(connection: sqlite3.Connection, file_id: FileId) -> None:
    """Lets a file wait to be read again, though its bytes are as they were."""
    connection.execute(
        "UPDATE contents SET reader_version = 0 "
        "WHERE id = (SELECT content_id FROM files WHERE id = ?)",
        (file_id,),
    )
    connection.execute("UPDATE files SET state = 'waiting' WHERE id = ?", (file_id,))
