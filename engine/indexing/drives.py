"""Keeps account of the drives below a watched folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from pathlib import Path

from engine.records import Drive, Folder, FolderId
from engine.sources.drives import Presence, is_away, presence
from engine.store import drives, files


def absent(connection: sqlite3.Connection, folder_id: FolderId, root: Path) -> set[Path]:
    """Where drives below a folder used to be that are not there now, relative to it."""
    return {
        drive.relative
        for drive in drives.below(connection, folder_id)
        if presence(root, drive) is Presence.AWAY
    }


def see(connection: sqlite3.Connection, folder: Folder, drive: Drive) -> None:
    """Records a drive. One without files does not take the place of the one that had them."""
    if not is_away(folder.path / drive.relative):
        drives.remember(connection, folder.id, drive)


def keep(
    connection: sqlite3.Connection, folder: Folder, paths: Collection[Path], were_absent: set[Path]
) -> None:
    """Keeps what is known of drives at, above or under `paths` that are not there by now.

    Nor is anything forgotten of those that came back meanwhile: a sweep may have passed them by.
    """
    for drive in drives.below(connection, folder.id):
        if not any(_is_concerned(drive.relative, path) for path in paths):
            continue
        found = presence(folder.path, drive)
        if found is Presence.AWAY or drive.relative in were_absent:
            files.register_closed(
                connection, folder.id, drive.relative, "its drive is not connected"
            )
        elif found is Presence.NO_DRIVE:
            drives.forget(connection, folder.id, drive)


def _is_concerned(drive: Path, path: Path) -> bool:
    return drive.is_relative_to(path) or path.is_relative_to(drive)
