"""The folders of a library: which there are, those that are added, and the watch over them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.errors import FolderError
from engine.events import Event, Failure
from engine.paths import shown
from engine.records import Folder, FolderId
from engine.sources import rules
from engine.sources.scan import LeftOut, scan
from engine.sources.watch import Changes, Watcher
from engine.store import folders
from engine.store.database import Database


class WatchedFolders:
    """Remembers folders, and watches them once it is started.

    `changed` is told of what happens in them, `announce` of what goes wrong.
    """

    def __init__(
        self,
        database: Database,
        changed: Callable[[Changes], None],
        announce: Callable[[Event], None],
    ) -> None:
        self._database = database
        self._changed = changed
        self._announce = announce
        self._watcher = Watcher(changed)
        self._started = False

    def all(self) -> list[Folder]:
        """All folders."""
        return folders.all_folders(self._database.reading())

    def left_out(self) -> list[LeftOut]:
        """What the rules leave out of the folders that are there, as it is on disk by now."""
        watched = self.all()
        by_itself = {folder.path for folder in watched}
        found: list[LeftOut] = []
        for folder in watched:
            with suppress(OSError):
                found.extend(item for item in scan(folder) if isinstance(item, LeftOut))
        return [item for item in found if item.path not in by_itself]

    def start(self) -> None:
        """Watches all folders from now on."""
        self._started = True
        self._watcher.start()
        for folder in self.all():
            self._watch(folder)

    def stop(self) -> None:
        """Ends the watch."""
        self._watcher.stop()

    def add(self, path: Path) -> Folder:
        """Takes a folder in, and over those that lie inside it. Raises FolderError."""
        path = _existing(path)
        for folder in self.all():
            if path != folder.path and _holds(folder, path):
                raise FolderError(
                    "This folder is already part of the library",
                    f"{shown(path)} lies inside {shown(folder.path)}, which is watched as a whole.",
                    path,
                )
        folder = self._remember(path)
        if self._started:
            self._watch(folder)
            self._changed({folder.id: frozenset({Path()})})
        return folder

    def holding(self, path: Path) -> tuple[FolderId, Path]:
        """The folder that `path`, a folder, is or lies in, taken in if it is new, and where there.

        Raises FolderError.
        """
        path = _existing(path)
        found = next((each for each in self.all() if _holds(each, path)), None)
        folder = found or self._remember(path)
        return folder.id, path.relative_to(folder.path)

    def unwatch(self, folder_id: FolderId) -> None:
        """Ends the watch over one folder."""
        self._watcher.remove(folder_id)

    def _remember(self, path: Path) -> Folder:
        inside = [
            each
            for each in self.all()
            if path in each.path.parents
            and not rules.leaves_out_folder(path, each.path.relative_to(path))
        ]
        with self._database.writing() as connection:
            folder_id = folders.add(connection, path)
            for child in inside:
                folders.adopt(connection, child=child.id, parent=folder_id)
        for child in inside:
            self._watcher.remove(child.id)
        return next(folder for folder in self.all() if folder.id == folder_id)

    def _watch(self, folder: Folder) -> None:
        problem = self._watcher.add(folder)
        if problem is not None and _exists(folder.path):
            self._announce(
                Failure(
                    "Changes in a folder will be seen late",
                    f"{problem}. It is looked through every hour and at every start instead.",
                )
            )


def _holds(folder: Folder, path: Path) -> bool:
    """Whether a folder at `path` is watched as a part of `folder`.

    One that is left out there by its name is watched by itself where a person asks for it.
    """
    return path.is_relative_to(folder.path) and not rules.leaves_out_folder(
        folder.path, path.relative_to(folder.path)
    )


def _existing(path: Path) -> Path:
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - links stay as they are named
    if not _exists(path):
        raise FolderError("There is no such folder", f"{shown(path)} does not exist.", path)
    if not os.path.isdir(path):  # noqa: PTH112 - as in _exists
        raise FolderError(
            "This is not a folder", f"{shown(path)} is a file. Choose the folder it is in.", path
        )
    return path


def _exists(path: Path) -> bool:
    # Path.exists raises where the server of a mounted drive is gone.
    return os.path.exists(path)  # noqa: PTH110
