"""Brings what is recorded of a folder's files in line with what is on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from engine.indexing.companions import pair
from engine.records import Folder, FolderState, FoundFile
from engine.sources.scan import ClosedFolder, scan
from engine.store import files, folders
from engine.store.database import Database

BATCH = 500


def sweep(database: Database, folder: Folder, below: Path = Path()) -> Iterator[int]:
    """Records the files at or under `below`: new and changed ones wait, missing ones go.

    Yields how many files now wait, a batch at a time. A folder that cannot be reached is marked
    offline and keeps everything that is known of it.
    """
    if not _is_reachable(database, folder):
        with database.writing() as connection:
            folders.set_state(connection, folder.id, FolderState.OFFLINE)
        return
    with database.writing() as connection:
        folders.set_state(connection, folder.id, FolderState.ONLINE)
        files.begin_sweep(connection)
    found = scan(folder, below)
    while batch := list(islice(found, BATCH)):
        with database.writing() as connection:
            waiting = files.register(
                connection, [item for item in batch if isinstance(item, FoundFile)]
            )
            for item in batch:
                if isinstance(item, ClosedFolder):
                    files.register_closed(connection, folder.id, item.relative, item.detail)
        yield waiting
    with database.writing() as connection:
        files.forget_unseen(connection, folder.id, below)
        pair(connection, folder.id, below)


def _is_reachable(database: Database, folder: Folder) -> bool:
    """Whether the folder is there. An empty directory on another device than before is where a
    drive used to be mounted."""
    try:
        with os.scandir(folder.path) as entries:
            is_empty = next(entries, None) is None
        moved = folder.path.stat().st_dev != folders.device(database.reading(), folder.id)
    except OSError:
        return False
    return not (is_empty and moved and folder.files > 0)
