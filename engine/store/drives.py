"""The drives that were seen below watched folders."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from engine.records import Drive, FolderId


def remember(connection: sqlite3.Connection, folder_id: FolderId, drive: Drive) -> None:
    """Records that a drive is there, in place of another at the same path."""
    connection.execute(
        "INSERT OR REPLACE INTO drives VALUES (?, ?, ?, ?)",
        (folder_id, os.fsencode(drive.relative), drive.device, drive.is_link),
    )


def forget(connection: sqlite3.Connection, folder_id: FolderId, drive: Drive) -> None:
    """Records that what is at the path of a drive is none any more."""
    connection.execute(
        "DELETE FROM drives WHERE folder_id = ? AND relative = ?",
        (folder_id, os.fsencode(drive.relative)),
    )


def below(connection: sqlite3.Connection, folder_id: FolderId) -> list[Drive]:
    """All that were seen below a folder."""
    rows = connection.execute(
        "SELECT relative, device, is_link FROM drives WHERE folder_id = ?", (folder_id,)
    )
    return [
        Drive(Path(os.fsdecode(relative)), device, bool(is_link))
        for relative, device, is_link in rows
    ]


def adopt(
    connection: sqlite3.Connection, *, child: FolderId, parent: FolderId, prefix: bytes
) -> None:
    """Moves the drives of `child`, which lies at `prefix` below `parent`, to it.

    `child` becomes one itself where it lies on another device.
    """
    connection.execute(
        """
        INSERT OR REPLACE INTO drives
        SELECT :parent, CAST(:prefix || relative AS BLOB), device, is_link FROM drives
        WHERE folder_id = :child
        UNION ALL
        SELECT :parent, :child_path, inner.device, 0
        FROM folders AS inner, folders AS outer
        WHERE inner.id = :child AND outer.id = :parent AND inner.device != outer.device
        """,
        {"parent": parent, "child": child, "prefix": prefix, "child_path": prefix[:-1]},
    )
