"""Brings what is recorded of a folder's files in line with what is on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path

from engine.indexing import drives
from engine.indexing.companions import pair
from engine.records import Drive, Folder, FolderState, FoundFile
from engine.sources.drives import is_bare
from engine.sources.scan import ClosedFolder, LeftOut, scan
from engine.sources.spelling import spelt
from engine.store import files, folders
from engine.store.database import Database

BATCH = 500


def sweep(database: Database, folder: Folder, paths: Collection[Path]) -> Iterator[int]:
    """Records the files at or under `paths`: new and changed ones wait, missing ones go.

    Yields how many files now wait, a batch at a time. A folder that cannot be reached, or not any
    more, is marked offline and keeps everything that is known of it; so does what lies on a drive
    below it.
    """
    if not _is_reachable(database, folder, holds_files=folder.files > 0):
        _set_state(database, folder, FolderState.OFFLINE)
        return
    with database.writing() as connection:
        folders.set_state(connection, folder.id, FolderState.ONLINE)
        _note_device(connection, folder)
        files.begin_sweep(connection)
    were_absent = drives.absent(database.reading(), folder.id, folder.path)
    seen = chain.from_iterable(scan(folder, path) for path in spelt(folder.path, paths))
    found = (item for item in seen if not isinstance(item, LeftOut))
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
                elif isinstance(item, Drive):
                    drives.see(connection, folder, item)
        yield waiting
    # What a scan did not see of a drive that was unplugged meanwhile is not gone.
    if not _is_reachable(database, folder, holds_files=holds_files):
        _set_state(database, folder, FolderState.OFFLINE)
        return
    with database.writing() as connection:
        drives.keep(connection, folder, paths, were_absent)
        for path in paths:
            files.forget_unseen(connection, folder.id, path)
        pair(connection, folder.id, folder.path, paths)


def _is_reachable(database: Database, folder: Folder, *, holds_files: bool) -> bool:
    """Whether the folder is there. A bare directory on another device than before, of a folder
    that held files, is where a drive used to be mounted."""
    try:
        bare = is_bare(folder.path)
        moved = folder.path.stat().st_dev != folders.device(database.reading(), folder.id)
    except OSError:
        return False
    return not (bare and moved and holds_files)


def _note_device(connection: sqlite3.Connection, folder: Folder) -> None:
    """Records on which drive the folder is by now: it may have been added while that was away."""
    with suppress(OSError):
        if not is_bare(folder.path):
            folders.set_device(connection, folder.id, folder.path.stat().st_dev)


def _set_state(database: Database, folder: Folder, state: FolderState) -> None:
    with database.writing() as connection:
        folders.set_state(connection, folder.id, state)
