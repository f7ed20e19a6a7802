"""Brings what is recorded of a folder's files in line with what is on disk."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from itertools import chain, islice
from pathlib import Path

from engine.indexing.companions import pair
from engine.records import Folder, FolderState, FoundFile
from engine.sources.scan import ClosedFolder, scan
from engine.store import files, folders
from engine.store.database import Database

BATCH = 500


def sweep(database: Database, folder: Folder, paths: Collection[Path]) -> Iterator[int]:
    """Records the files at or under `paths`: new and changed ones wait, missing ones go.

    Yields how many files now wait, a batch at a time. A folder that cannot be reached, or not any
    more, is marked offline and keeps everything that is known of it.
    """
    if not _is_reachable(database, folder, holds_files=folder.files > 0):
        _set_state(database, folder, FolderState.OFFLINE)
        return
    with database.writing() as connection:
        folders.set_state(connection, folder.id, FolderState.ONLINE)
        files.begin_sweep(connection)
    found = chain.from_iterable(scan(folder, path) for path in paths)
    holds_files = folder.files > 0
    while batch := list(islice(found, BATCH)):
        holds_files = True
        with database.writing() as connection:
            waiting = files.register(
                connection, [item for item in batch if isinstance(item, FoundFile)]
            )
            for item in batch:
                if isinstance(item, ClosedFolder):
                    files.register_closed(connection, folder.id, item.relative, item.detail)
        yield waiting
    # What a scan did not see of a drive that was unplugged meanwhile is not gone.
    if not _is_reachable(database, folder, holds_files=holds_files):
        _set_state(database, folder, FolderState.OFFLINE)
        return
    with database.writing() as connection:
        for path in paths:
            files.forget_unseen(connection, folder.id, path)
        pair(connection, folder.id, paths)


def is_away(root: Path) -> bool:
    """Whether a folder cannot be listed, or is as empty as where a drive used to be mounted."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True


def _is_reachable(database: Database, folder: Folder, *, holds_files: bool) -> bool:
    """Whether the folder is there. An empty directory on another device than before, of a folder
    that held files, is where a drive used to be mounted."""
    try:
        with os.scandir(folder.path) as entries:
            is_empty = next(entries, None) is None
        moved = folder.path.stat().st_dev != folders.device(database.reading(), folder.id)
    except OSError:
        return False
    return not (is_empty and moved and holds_files)


def _set_state(database: Database, folder: Folder, state: FolderState) -> None:
    with database.writing() as connection:
        folders.set_state(connection, folder.id, state)
