"""Tells which paths changed in watched folders, once they have settled."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from watchdog.events import (
    DirModifiedEvent,
    FileClosedNoWriteEvent,
    FileOpenedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from engine.paths import shown
from engine.records import Folder, FolderId
from engine.sources import rules
from engine.sources.settling import Settling

log = logging.getLogger(__name__)

TICK_S = 0.25
POLL_S = 3.0
"""Where folders are is looked at this often: a drive comes and goes unannounced."""

SWEEP_EVERY_S = 3600.0
"""Folders are reported as a whole this often: systems drop events, and not all of them tell."""

Changes = Mapping[FolderId, frozenset[Path]]
"""Paths, relative to their folder, that appeared, changed or went; `Path()` is all of a folder."""

_Identity = tuple[int, int] | None
"""Device and inode of a folder, or None where it is not there."""


class Watcher:
    """Watches folders and calls `on_changes`, from its own thread, with what has settled.

    A burst arrives as few batches; a file that is being written is held back until it is whole.
    """

    def __init__(self, on_changes: Callable[[Changes], None]) -> None:
        self._on_changes = on_changes
        self._observer: BaseObserver | None = None
        self._refusal = ""
        self._watches: dict[FolderId, ObservedWatch] = {}
        self._unsettled: dict[FolderId, Settling] = {}
        self._folders: dict[FolderId, Folder] = {}
        self._watched: dict[FolderId, _Identity] = {}
        self._seen: dict[FolderId, _Identity] = {}
        self._swept_at: dict[FolderId, float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keepsight-watch")

    def start(self) -> None:
        """Starts to watch; folders are added after that."""
        # Not before: one that is never started keeps what the system has few of for good.
        try:
            observer = Observer()
            observer.start()
            self._observer = observer
        except OSError as error:
            self._refusal = error.strerror or str(error)
        self._thread.start()

    def add(self, folder: Folder) -> str | None:
        """Watches one more folder. Returns why it cannot be watched, if it cannot."""
        with self._lock:
            if folder.id in self._folders:
                return None
            self._folders[folder.id] = folder
            self._unsettled[folder.id] = Settling(folder.path)
            identity = self._watched[folder.id] = self._seen[folder.id] = _identity(folder)
            self._swept_at[folder.id] = time.monotonic()
        return self._schedule(folder) if identity is not None else None

    def remove(self, folder_id: FolderId) -> None:
        """Watches one folder less."""
        with self._lock:
            self._folders.pop(folder_id, None)
            self._unsettled.pop(folder_id, None)
            self._watched.pop(folder_id, None)
            self._seen.pop(folder_id, None)
            self._swept_at.pop(folder_id, None)
        self._unschedule(folder_id)

    def stop(self) -> None:
        """Stops to watch; what has not settled is left to the next sweep."""
        self._stopped.set()
        self._wake.set()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
        if self._thread.is_alive():
            self._thread.join()

    def _notice(self, folder: Folder, path: Path) -> None:
        try:
            relative = path.relative_to(folder.path)
        except ValueError:
            return
        if any(rules.ignores_folder(part) for part in relative.parts[:-1]):
            return
        with self._lock:
            unsettled = self._unsettled.get(folder.id)
            if unsettled is None:
                return
            unsettled.notice(relative)
        self._wake.set()

    def _schedule(self, folder: Folder) -> str | None:
        if self._observer is None:
            return f"{shown(folder.path)} cannot be watched: {self._refusal}"
        try:
            self._watches[folder.id] = self._observer.schedule(
                _Handler(lambda path: self._notice(folder, path)), str(folder.path), recursive=True
            )
        except OSError as error:
            return f"{shown(folder.path)} cannot be watched: {error.strerror or error}"
        return None

    def _unschedule(self, folder_id: FolderId) -> None:
        watch = self._watches.pop(folder_id, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.wait(POLL_S)
            self._notice_drives()
            self._notice_time()
            settled = self._take_settled()
            if settled:
                self._on_changes(settled)
            self._stopped.wait(TICK_S)

    def _notice_drives(self) -> None:
        """Sees folders that went away, came back or are others now, of which no event tells.

        A drive that is unmounted leaves its mount point: there is a folder, but not the one that
        the system watches.
        """
        with self._lock:
            folders = list(self._folders.values())
        for folder in folders:
            if not self._is_another(folder, _identity(folder)):
                continue
            self._unschedule(folder.id)
            if self._watched.get(folder.id) and (problem := self._schedule(folder)) is not None:
                log.warning("%s", problem)
            self._notice(folder, folder.path)

    def _is_another(self, folder: Folder, identity: _Identity) -> bool:
        """Whether a folder is another than the one that is watched, which it is from now on.

        One that takes another's place has to be seen twice: where a network drive invents inodes,
        it would be another at every look.
        """
        with self._lock:
            if folder.id not in self._folders:
                return False
            watched, before = self._watched[folder.id], self._seen[folder.id]
            self._seen[folder.id] = identity
            if identity == watched or (watched and identity and identity != before):
                return False
            self._watched[folder.id] = identity
            return True

    def _notice_time(self) -> None:
        """Sees folders whose last sweep is long ago."""
        now = time.monotonic()
        with self._lock:
            due = [
                folder
                for folder_id, folder in self._folders.items()
                if self._watched[folder_id] and now - self._swept_at[folder_id] >= SWEEP_EVERY_S
            ]
            self._swept_at.update({folder.id: now for folder in due})
        for folder in due:
            self._notice(folder, folder.path)

    def _take_settled(self) -> Changes:
        with self._lock:
            settled = {folder_id: each.take() for folder_id, each in self._unsettled.items()}
            if not any(self._unsettled.values()):
                self._wake.clear()
        return {folder_id: paths for folder_id, paths in settled.items() if paths}


class _Handler(FileSystemEventHandler):
    def __init__(self, notice: Callable[[Path], None]) -> None:
        self._notice = notice

    def on_any_event(self, event: FileSystemEvent) -> None:
        if isinstance(event, FileOpenedEvent | FileClosedNoWriteEvent | DirModifiedEvent):
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self._notice(Path(os.fsdecode(path)))


def _identity(folder: Folder) -> _Identity:
    try:
        status = folder.path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None
