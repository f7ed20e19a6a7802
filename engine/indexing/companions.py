"""Finds the files of a folder that are shown with another: raw photos, live videos, sidecars."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from engine.readers.companions import FOLLOWER_EXTENSIONS, LIVE_MOVIE_S, Beside
from engine.readers.videos import length
from engine.records import FileId, FolderId, FoundFile
from engine.store import followers
from engine.store.followers import Neighbour


def pair(
    connection: sqlite3.Connection, folder_id: FolderId, root: Path, paths: Collection[Path]
) -> None:
    """Records which files at, beside or under `paths` follow which, as they are on disk by now.

    `paths` are relative to `root`, where the folder is.
    A file that follows none any more waits to be read; one whose sidecar is new or changed too.
    What could not be read leads no photo or film, which is then read in its place.
    """
    for parent, here in followers.around(connection, folder_id, paths, FOLLOWER_EXTENSIONS):
        by_name = {file.name: file for file in here}
        beside = Beside(
            by_name,
            (file.name for file in here if file.state == "skipped"),
            {file.name: file.size_bytes for file in here},
            partial(_is_short, root / parent, by_name),
        )
        for file in here:
            leader = beside.leader_of(file.name)
            _record(connection, file, by_name[leader] if leader is not None else None)


def release(connection: sqlite3.Connection, file_id: FileId, file: FoundFile) -> bool:
    """Lets what `file` was to show be read in its place, now that it cannot be. Whether any is."""
    if not followers.has_any(connection, file_id):
        return False
    pair(connection, file.folder_id, file.root, [file.relative])
    return True


def _is_short(folder: Path, by_name: Mapping[str, Neighbour], name: str) -> bool:
    """Whether a film lasts no longer than that of a live photo; what follows one already does."""
    if by_name[name].state == "companion":
        return True
    seconds = length.seconds(folder / name)
    return seconds is not None and seconds <= LIVE_MOVIE_S


def _record(connection: sqlite3.Connection, file: Neighbour, leader: Neighbour | None) -> None:
    if leader is not None:
        is_news = file.state != "companion" or file.leader_id != leader.file_id
        if is_news:
            followers.follow(connection, file.file_id, leader.file_id)
        if is_news and Path(file.name).suffix.lower() == ".xmp":
            followers.read_again(connection, leader.file_id)
    elif file.state == "companion":
        followers.stand_alone(connection, file.file_id)
