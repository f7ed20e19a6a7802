"""The index thread: sweeps, reads and embeds what it is asked to, and can be paused."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path

from engine.errors import KeepsightError
from engine.indexing.pipeline import Pipeline
from engine.indexing.progress import Meter
from engine.indexing.sweep import sweep
from engine.records import (
    Event,
    Failure,
    FolderId,
    IndexProgress,
    LibraryChanged,
    Phase,
    SkipReason,
)
from engine.sources.watch import Changes
from engine.store import contents, files, folders
from engine.store.database import Database
from engine.store.model_index import ModelIndex

log = logging.getLogger(__name__)

PUBLISH_EVERY = 2_000
"""Files between two writings of the usearch files."""

CHANGED_EVERY_S = 1.0
"""The least time between two announcements that the library has changed."""


class Indexer:
    """Keeps the library in line with its folders, on the calling thread or on its own."""

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        vectors: ModelIndex,
        announce: Callable[[Event], None],
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._vectors = vectors
        self._announce = announce
        self._meter = Meter()
        self._requests: dict[FolderId, set[Path]] = {}
        self._wanted = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._changed_at = 0.0
        self.progress = IndexProgress(Phase.IDLE)

    def request(self, changes: Changes) -> None:
        """Asks for a look at paths of folders, soon; `Path()` stands for a whole folder."""
        with self._lock:
            for folder_id, paths in changes.items():
                self._requests.setdefault(folder_id, set()).update(paths)
        self._wanted.set()

    def request_everything(self) -> None:
        """Asks for a sweep of every folder."""
        every = folders.all_folders(self._database.reading())
        self.request({folder.id: frozenset({Path()}) for folder in every})

    def run_until_done(self) -> Generator[IndexProgress, None, None]:
        """Does what was asked for on the calling thread, telling how far it is."""
        self._meter.start()
        finished = False
        while not finished:
            for folder_id, paths in self._take_requests().items():
                for _ in self._sweep(folder_id, paths):
                    yield self._tell(Phase.SCANNING)
            self._meter.expect(files.count_waiting(self._database.reading()))
            finished = True
            with closing(self._read_and_embed()) as steps:
                for _ in steps:
                    yield self._tell(Phase.INDEXING)
                    if self._wanted.is_set():
                        # What changed just now comes first; the rest waits where it was.
                        finished = False
                        break
        with self._database.writing() as connection:
            contents.purge_orphans(connection)
            self._vectors.prune(connection)
        self._vectors.publish()
        yield self._tell(Phase.IDLE)
        self._announce(LibraryChanged())

    def _read_and_embed(self) -> Generator[None, None, None]:
        unpublished = 0
        for step in self._pipeline.read_waiting():
            self._meter.advance(done=step.done, skipped=step.skipped)
            yield
            for _ in self._pipeline.embed_missing():
                yield
            unpublished += step.done
            if unpublished >= PUBLISH_EVERY:
                self._vectors.publish()
                unpublished = 0
        for _ in self._pipeline.embed_missing():
            yield

    def start(self) -> None:
        """Starts the index thread."""
        self._thread = threading.Thread(target=self._run, name="keepsight-index")
        self._thread.start()

    def pause(self) -> None:
        """Stops after the batch in hand, until `resume`."""
        self._may_run.clear()
        self._tell(Phase.PAUSED)

    def resume(self) -> None:
        """Goes on."""
        self._may_run.set()
        self._tell(Phase.INDEXING if self._is_busy else Phase.IDLE)

    @property
    def is_paused(self) -> bool:
        """Whether it waits for `resume`."""
        return not self._may_run.is_set()

    def halt(self) -> None:
        """Asks the index thread to stop; whatever is left waits for the next start."""
        self._stopping.set()
        self._may_run.set()
        self._wanted.set()

    def join(self) -> None:
        """Waits until the index thread has stopped."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wanted.wait()
            self._may_run.wait()
            if self._stopping.is_set():
                return
            self._is_busy = True
            try:
                with closing(self.run_until_done()) as steps:
                    for _ in steps:
                        self._may_run.wait()
                        if self._stopping.is_set():
                            return
            except CancelledError:
                # The readers are closed before this thread is joined.
                if not self._stopping.is_set():
                    raise
            except KeepsightError as error:
                self._announce(Failure(error.title, error.message))
            except (OSError, sqlite3.Error) as error:
                log.exception("indexing stopped")
                self._announce(
                    Failure(
                        "Indexing stopped",
                        f"{error}. Check that the disk is not full and can be written to; "
                        "indexing goes on with the next change or at the next start.",
                    )
                )
            finally:
                self._is_busy = False

    def _take_requests(self) -> dict[FolderId, set[Path]]:
        with self._lock:
            requests, self._requests = self._requests, {}
            self._wanted.clear()
        return requests

    def _sweep(self, folder_id: FolderId, paths: set[Path]) -> Iterator[int]:
        listed = folders.all_folders(self._database.reading())
        folder = next((folder for folder in listed if folder.id == folder_id), None)
        if folder is None:
            return
        if Path() in paths:
            with self._database.writing() as connection:
                files.retry_skipped(connection, files.TRANSIENT)
            paths = {Path()}
        for path in sorted(paths):
            yield from sweep(self._database, folder, path)
        self._announce(LibraryChanged())

    def _tell(self, phase: Phase) -> IndexProgress:
        self.progress = self._meter.told(phase)
        self._announce(self.progress)
        now = time.monotonic()
        if now - self._changed_at >= CHANGED_EVERY_S:
            self._changed_at = now
            self._announce(LibraryChanged())
        return self.progress


RETRIABLE = tuple(reason for reason in SkipReason if reason is not SkipReason.UNSUPPORTED)
"""Reasons for which a person may want to try again."""
