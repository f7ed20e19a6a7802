"""The watched folders."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from engine.records import FileId, Folder, FolderId, FolderState
from engine.store import drives, fulltext


def add(connection: sqlite3.Connection, path: Path) -> FolderId:
    """Remembers `path`; a folder that is remembered already keeps its id."""
    connection.execute(
        "INSERT INTO folders (path, device, state) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (os.fsencode(path), path.stat().st_dev, FolderState.ONLINE),
    )
    row = connection.execute("SELECT id FROM folders WHERE path = ?", (os.fsencode(path),))
    return FolderId(row.fetchone()[0])


def remove(connection: sqlite3.Connection, folder_id: FolderId) -> None:
    """Forgets a folder and its files."""
    connection.execute("DELETE FROM folders WHERE id = ?", (folder_id,))


def adopt(connection: sqlite3.Connection, *, child: FolderId, parent: FolderId) -> None:
    """Moves the files of `child`, which lies inside `parent`, to it, and forgets `child`."""
    moved = connection.execute("SELECT id FROM files WHERE folder_id = ?", (child,)).fetchall()
    paths = dict(
        connection.execute("SELECT id, path FROM folders WHERE id IN (?, ?)", (child, parent))
    )
    prefix = paths[child][len(paths[parent].rstrip(b"/\\")) + 1 :] + os.fsencode(os.sep)
    connection.execute(
        "UPDATE OR REPLACE files SET folder_id = ?, relative = CAST(? || relative AS BLOB) "
        "WHERE folder_id = ?",
        (parent, prefix, child),
    )
    drives.adopt(connection, child=child, parent=parent, prefix=prefix)
    remove(connection, child)
    name = Path(os.fsdecode(paths[parent])).name
    for (file_id,) in moved:
        row = connection.execute("SELECT relative FROM files WHERE id = ?", (file_id,)).fetchone()
        fulltext.index_name(connection, FileId(file_id), name, Path(os.fsdecode(row[0])))


def set_state(connection: sqlite3.Connection, folder_id: FolderId, state: FolderState) -> None:
    """Records whether the folder can be reached."""
    connection.execute("UPDATE folders SET state = ? WHERE id = ?", (state, folder_id))


def set_device(connection: sqlite3.Connection, folder_id: FolderId, device: int) -> None:
    """Records on which device the folder is."""
    connection.execute("UPDATE folders SET device = ? WHERE id = ?", (device, folder_id))


def device(connection: sqlite3.Connection, folder_id: FolderId) -> int:
    """The device number that the folder had when it was last seen with something in it."""
    row = connection.execute("SELECT device FROM folders WHERE id = ?", (folder_id,)).fetchone()
    return int(row[0])


def all_folders(connection: sqlite3.Connection) -> list[Folder]:
    """Every watched folder, in the order they were added; followers are no files of their own."""
    rows = connection.execute(
        """
        SELECT folders.id, path, folders.state,
               coalesce(sum(number) FILTER (WHERE of_state != 'companion'), 0) AS files,
               coalesce(sum(number) FILTER (WHERE of_state = 'indexed'), 0) AS indexed,
               coalesce(sum(number) FILTER (WHERE of_state = 'skipped'), 0) AS skipped
        FROM folders LEFT JOIN (
            SELECT folder_id, state AS of_state, count(*) AS number FROM files
            GROUP BY folder_id, state
        ) ON folder_id = folders.id
        GROUP BY folders.id ORDER BY folders.id
        """
    )
    return [
        Folder(
            id=FolderId(row["id"]),
            path=Path(os.fsdecode(row["path"])),
            state=FolderState(row["state"]),
            files=row["files"],
            indexed=row["indexed"],
            skipped=row["skipped"],
        )
        for row in rows
    ]
