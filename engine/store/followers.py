"""Files that are shown with another, their leader, and are not read themselves."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.records import FileId, FolderId
from engine.store import files

_SEPARATOR = os.fsencode(os.sep)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A file among those of one folder, with what it follows."""

    file_id: FileId
    name: str
    size_bytes: int
    state: str
    leader_id: FileId | None


def around(
    connection: sqlite3.Connection, folder_id: FolderId, paths: Collection[Path]
) -> list[list[Neighbour]]:
    """The files at `paths`, beside them and under them: those of one folder together."""
    # Of the whole tree beside a path, only what lies in the folder itself.
    beside = "AND instr(substr(relative, length(:prefix) + 1), :separator) = 0"
    wanted = [(parent, beside) for parent in {path.parent for path in paths}]
    wanted += [(path, "") for path in paths]
    folders: dict[bytes, dict[bytes, Neighbour]] = defaultdict(dict)
    for below, where in wanted:
        rows = connection.execute(
            "SELECT id, relative, size_bytes, state, leader_id FROM files "
            "WHERE folder_id = :folder "
            f"AND relative >= :prefix AND relative < :prefix_end {where}",
            {"folder": folder_id, "separator": _SEPARATOR, **files.bounds(below)},
        )
        for file_id, relative, *known in rows:
            parent, _, name = relative.rpartition(_SEPARATOR)
            folders[parent][name] = Neighbour(file_id, os.fsdecode(name), *known)
    return [list(folder.values()) for folder in folders.values()]


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
