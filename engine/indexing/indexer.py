"""The index thread: sweeps, reads and embeds what it is asked to, and can be paused."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from engine.events import Event, IndexProgress, LibraryChanged, Phase
from engine.indexing.embedding import Embedder
from engine.indexing.failures import failure_of
from engine.indexing.passes import Pass
from engine.indexing.pipeline import Pipeline
from engine.indexing.progress import Meter
from engine.indexing.sweep import sweep
from engine.indexing.switch import Switch
from engine.readers import registry
from engine.readings import SkipReason
from engine.records import FolderId
from engine.sources.watch import Changes
from engine.store import contents, files, folders, unembedded
from engine.store.database import Database
from engine.store.model_index import ModelIndex
from engine.thumbnails import Thumbnails

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 300.0
"""The least time between two writings of the usearch files, which are written whole. What they
lack after a crash is taken from SQLite when they are loaded."""

CHANGED_EVERY_S = 1.0
"""The least time between two announcements that the library has changed."""


class Indexer:
    """Keeps the library in line with its folders, on the calling thread or on its own."""

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        passes: Sequence[Pass],
        thumbnails: Thumbnails,
        announce: Callable[[Event], None],
    ) -> None:
        self._database = database
        self._pipeline = pipeline
        self._passes = passes
        self._thumbnails = thumbnails
        self.switch: Switch | None = None
        """Another model that is prepared once everything is indexed; set by any thread."""
        self._announce = announce
        self._meter = Meter()
        self._meters = {phase: Meter() for phase in (Phase.PREPARING, *(p.phase for p in passes))}
        self._requests: dict[FolderId, set[Path]] = {}
        self._wanted = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_busy = False
        self._doing = Phase.INDEXING
        """What it does, or did before a pause."""
        self._has_failed = False
        self._changed_at = 0.0
        self._published_at = time.monotonic()
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

    def use(self, embedder: Embedder) -> None:
        """Indexes under another model, which was the switch's; called on the index thread."""
        self._pipeline.embedder = embedder
        self.switch = None

    def wake(self) -> None:
        """Asks for what is left to do, without a sweep."""
        self._wanted.set()

    def run_until_done(self) -> Generator[IndexProgress, None, None]:
        """Does what was asked for on the calling thread, telling how far it is."""
        self._meter.start()
        finished = False
        while not finished:
            for folder_id, paths in self._take_requests().items():
                for _ in self._sweep(folder_id, paths):
                    yield self._tell(Phase.SCANNING)
            self._meter.expect(files.count_waiting(self._database.reading()))
            # What changed just now comes first; the rest waits where it was.
            with closing(self._read()) as steps:
                for phase in steps:
                    yield self._tell(phase)
            with closing(self._complete()) as steps:
                for phase in () if self._wanted.is_set() else steps:
                    yield self._tell(phase)
                    if self._wanted.is_set():
                        break
            finished = not self._wanted.is_set()
        with self._database.writing() as connection:
            forgotten = contents.purge_orphans(connection)
            self.prune(connection)
        self._thumbnails.forget(forgotten)
        self._publish()
        yield self._tell(Phase.IDLE)
        self._announce(LibraryChanged())

    def prune(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has."""
        for vectors in self._indexes():
            vectors.prune(connection)

    def _read(self) -> Generator[Phase, None, None]:
        """Reads what waits, until something else is wanted; what is under way is finished."""
        for step in self._pipeline.read_waiting(self._wanted.is_set):
            self._meter.advance(done=step.done, skipped=step.skipped)
            if step.released:
                # They may be newer than what is read by now, and would be passed over.
                self.wake()
            yield Phase.INDEXING
            yield from self._embed_missing()
            self._publish()

    def _complete(self) -> Generator[Phase, None, None]:
        """Does what is left when everything is read; it may be stopped anywhere."""
        yield from self._embed_missing()
        if self.switch is not None:
            yield from self._prepare(self.switch)
        for each in self._passes:
            if each.is_wanted:
                yield from self._make(each)

    def _embed_missing(self) -> Generator[Phase, None, None]:
        for _ in self._pipeline.embedder.embed_missing():
            yield Phase.INDEXING
            if self._wanted.is_set():
                break

    def _prepare(self, switch: Switch) -> Generator[Phase, None, None]:
        """Fills the next model's vectors; it takes over when all that can be reached has some."""
        steps = () if switch.wanted_now else switch.embedder.fill()
        yield from self._metered(
            Phase.PREPARING, steps, lambda: self.switch is switch and not switch.wanted_now
        )
        switch.out_of_reach = unembedded.count_out_of_reach(
            self._database.reading(), switch.embedder.vectors.model_id
        )
        if self.switch is switch and (switch.wanted_now or not switch.out_of_reach):
            switch.take_over()
            yield from self._embed_missing()

    def _make(self, each: Pass) -> Generator[Phase, None, None]:
        steps = each.run(self._pipeline.embedder)
        yield from self._metered(each.phase, steps, lambda: each.is_wanted)
        yield from self._embed_missing()

    def _metered(
        self, phase: Phase, steps: Iterable[tuple[int, int]], is_wanted: Callable[[], bool]
    ) -> Generator[Phase, None, None]:
        """Takes steps, each of which tells how many of how many are done."""
        meter = self._meters[phase]
        meter.start()
        for done, total in steps:
            meter.reach(done, total)
            self._publish()
            yield phase
            if not is_wanted():
                break

    def _indexes(self) -> list[ModelIndex]:
        switch = self.switch
        both = [self._pipeline.embedder, *([switch.embedder] if switch is not None else [])]
        return [embedder.vectors for embedder in both]

    def _publish(self) -> None:
        """Writes the vectors to disk, now and then; the library does when it is closed."""
        now = time.monotonic()
        if now - self._published_at < PUBLISH_EVERY_S:
            return
        self._published_at = now
        for vectors in self._indexes():
            vectors.publish()

    def start(self, first: Callable[[], None]) -> None:
        """Starts the index thread, which calls `first` before all else."""
        self._thread = threading.Thread(target=self._run, args=(first,), name="keepsight-index")
        self._thread.start()

    def pause(self) -> None:
        """Stops after the batch in hand, until `resume`."""
        self._may_run.clear()
        self._tell(Phase.PAUSED)

    def resume(self) -> None:
        """Goes on, after a pause or a failure."""
        self._may_run.set()
        if self._has_failed:
            self.wake()
        else:
            self._tell(self._doing if self._is_busy else Phase.IDLE)

    def halt(self) -> None:
        """Asks the index thread to stop; whatever is left waits for the next start."""
        self._stopping.set()
        self._may_run.set()
        self._wanted.set()

    def join(self) -> None:
        """Waits until the index thread has stopped."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, first: Callable[[], None]) -> None:
        try:
            first()
        except Exception as error:
            log.exception("indexing begins without what was to come first")
            self._announce(failure_of(error))
        while not self._stopping.is_set():
            self._wanted.wait()
            self._may_run.wait()
            if self._stopping.is_set():
                return
            self._is_busy = True
            try:
                if self._has_failed:
                    self.request_everything()  # a sweep that failed did not see all
                self._has_failed = False
                with closing(self.run_until_done()) as steps:
                    for _ in steps:
                        self._may_run.wait()
                        if self._stopping.is_set():
                            return
            except Exception as error:
                if self._stopping.is_set() and isinstance(error, CancelledError):
                    return  # the readers are closed before this thread is joined
                log.exception("indexing stopped")
                self._has_failed = True
                self._announce(failure_of(error))
                self._tell(Phase.STOPPED)
                self._announce(LibraryChanged())
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
                files.read_again(connection, registry.versions(), registry.edition())
            paths = {Path()}
        yield from sweep(self._database, folder, sorted(paths))
        self._announce(LibraryChanged())

    def _tell(self, phase: Phase) -> IndexProgress:
        if phase is not Phase.PAUSED:
            self._doing = phase
        if not self._may_run.is_set():
            phase = Phase.PAUSED  # the batch in hand is still finished
        told = self._meters.get(phase, self._meter).told(phase)
        switch = self.switch
        if phase is Phase.PREPARING and switch is not None:
            told = replace(told, model=switch.title)
        self.progress = told
        self._announce(self.progress)
        now = time.monotonic()
        if now - self._changed_at >= CHANGED_EVERY_S:
            self._changed_at = now
            self._announce(LibraryChanged())
        return self.progress


RETRIABLE = tuple(reason for reason in SkipReason if reason is not SkipReason.UNSUPPORTED)
"""Reasons for which a person may want to try again."""
