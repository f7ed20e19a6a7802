"""Files that are shown with another, their leader, and are not read themselves."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.records import FileId, FolderId
from engine.store import files

_SEPARATOR = os.fsencode(os.sep)
_BEHIND_SEPARATOR = bytes([_SEPARATOR[0] + 1])


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A file among those of one folder, with what it follows."""

    file_id: FileId
    name: str
    size_bytes: int
    state: str
    leader_id: FileId | None


def around(
    connection: sqlite3.Connection,
    folder_id: FolderId,
    paths: Collection[Path],
    extensions: Collection[str],
) -> Iterator[tuple[Path, list[Neighbour]]]:
    """The files at `paths`, beside them and under them: those of one folder together, with where
    it is.

    Only of folders where a file follows another, or may by one of `extensions`, with their dots.
    """
    parents = {path.parent for path in paths if path != Path()}
    may_follow = f"(leader_id IS NOT NULL OR extension IN ({', '.join('?' * len(extensions))}))"
    for path in paths:
        below = files.bounds(path)
        rows = connection.execute(
            "SELECT relative FROM files "
            f"WHERE folder_id = ? AND relative >= ? AND relative < ? AND {may_follow}",
            (
                *(folder_id, below["prefix"], below["prefix_end"]),
                *(extension.lstrip(".") for extension in extensions),
            ),
        )
        holding = {relative.rpartition(_SEPARATOR)[0] for (relative,) in rows}
        parents.update(Path(os.fsdecode(parent)) for parent in holding)
    for parent in parents:
        here = list(_inside(connection, folder_id, parent))
        if any(
            file.leader_id is not None or Path(file.name).suffix.lower() in extensions
            for file in here
        ):
            yield parent, here


def _inside(
    connection: sqlite3.Connection, folder_id: FolderId, parent: Path
) -> Iterator[Neighbour]:
    """The files in one folder. What lies deeper is stepped over, a folder at a time."""
    bounds = files.bounds(parent)
    prefix = bounds["prefix"]
    start: bytes | None = prefix
    while start is not None:
        rows = connection.execute(
            "SELECT relative, id, size_bytes, state, leader_id FROM files "
            "WHERE folder_id = ? AND relative >= ? AND relative < ? ORDER BY relative",
            (folder_id, start, bounds["prefix_end"]),
        )
        start = None
        for relative, file_id, *known in rows:
            name, separator, _ = relative[len(prefix) :].partition(_SEPARATOR)
            if separator:
                start = prefix + name + _BEHIND_SEPARATOR
                break
            yield Neighbour(file_id, os.fsdecode(name), *known)


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
