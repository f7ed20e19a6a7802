"""What happens to a file that waits: hashed, read where its bytes are new, embedded, stored.

Hashing, reading and encoding overlap; each runs a bounded number of files ahead of the next.
Vectors are found once what they belong to is committed: ids that are rolled back come again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.errors import LibraryBusyError
from engine.indexing import companions
from engine.indexing.batch import Batch, Hashed, KeptPictures, Outcome, Vectors, pictures_of
from engine.indexing.drives import absent
from engine.indexing.embedding import Embedder
from engine.indexing.stages import ahead
from engine.paths import shown
from engine.readers import hashing, registry
from engine.readers.isolation import ReaderPool
from engine.readers.metadata import dates
from engine.readings import Member, ReadFailure, Reading, SkipReason
from engine.records import ContentId, FileId, FoundFile, Stamp
from engine.sources.drives import is_away
from engine.store import contents, embeddings, files, members
from engine.store.database import Database

log = logging.getLogger(__name__)

_Waiting = tuple[FileId, FoundFile]
_Hash = tuple[bytes, Stamp] | ReadFailure

HASH_AHEAD = 64
READ_AHEAD = 32


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction achieved, in files."""

    done: int = 0
    skipped: int = 0
    released: int = 0
    """How many files gave others cause to wait, or wait again themselves: they are to be read."""


class Pipeline:
    """Turns files that wait into contents, segments and embeddings. Used by one thread."""

    def __init__(self, database: Database, embedder: Embedder, readers: ReaderPool) -> None:
        self.embedder = embedder
        """Of the model in use; another may take its place between two steps."""
        self._database = database
        self._readers = readers
        self._hashers = ThreadPoolExecutor(1, thread_name_prefix="keepsight-hash")
        self._hashing: dict[_Waiting, Future[_Hash]] = {}
        self._reading: dict[bytes, tuple[Path, Future[Reading | ReadFailure]]] = {}
        self._versions = registry.versions()
        self._edition = registry.edition()

    def read_waiting(self, is_enough: Callable[[], bool]) -> Iterator[Step]:
        """Works through the files that wait, newest first, a transaction at a time.

        When it `is_enough`, what is being read is stored still, and the rest waits.
        """
        self._reading.clear()
        batch = Batch()
        for task, outcome in ahead(self._hashed(is_enough), self._read, READ_AHEAD):
            batch.add(task, self._own(task, outcome))
            if batch.is_full:
                yield from self._store(batch)
                batch = Batch()
        if batch.size:
            yield from self._store(batch)

    def close(self) -> None:
        """Stops hashing; what is under way is dropped and waits still."""
        self._hashers.shutdown(cancel_futures=True)

    def _hashed(self, is_enough: Callable[[], bool]) -> Iterator[Hashed]:
        waiting = files.waiting(self._database.reading())
        for item, outcome in ahead(waiting, self._hash, HASH_AHEAD):
            self._hashing.pop(item, None)
            yield Hashed(*item, outcome)
            if is_enough():
                return
        self._hashing.clear()

    def _hash(self, waiting: _Waiting) -> Future[_Hash]:
        """Hashes a file, unless it was hashed ahead when something else came first."""
        future = self._hashing.get(waiting)
        if future is None or _is_of_no_use(future):
            future = self._hashing[waiting] = self._hashers.submit(_hash, waiting[1])
        return future

    def _read(self, task: Hashed) -> Future[Outcome]:
        if isinstance(task.outcome, ReadFailure):
            return _completed(task.outcome)
        digest, stamp = task.outcome
        connection = self._database.reading()
        content_id = contents.with_hash(connection, digest)
        if content_id is not None and self._is_read(connection, content_id, task.file.path):
            return _completed(content_id)
        if digest not in self._reading:
            future = self._readers.submit_read(task.file.path, self.embedder.pixels, stamp)
            self._reading[digest] = task.file.path, future
        return self._reading[digest][1]  # type: ignore[return-value]

    def _own(self, task: Hashed, outcome: Outcome) -> Outcome:
        """What was read of the bytes of a file, or is now, where a copy failed for itself alone."""
        if isinstance(task.outcome, ReadFailure) or not (
            isinstance(outcome, ReadFailure) and outcome.reason in files.TRANSIENT
        ):
            return outcome
        digest, _ = task.outcome
        if digest in self._reading:
            path, future = self._reading[digest]
            if path == task.file.path:
                return outcome
            if isinstance(future.result(), ReadFailure):
                del self._reading[digest]
        return self._read(task).result()

    def _is_read(self, connection: sqlite3.Connection, content_id: ContentId, path: Path) -> bool:
        """Whether nothing new would be read of known bytes at `path`, whose name may be a date."""
        if not contents.is_current(connection, content_id, self._versions):
            return False
        named_at = dates.named(path)
        return named_at is None or not contents.awaits_date(connection, content_id, named_at)

    def _store(self, batch: Batch) -> Iterator[Step]:
        """Stores a batch; a file that this fails with is set aside, as it would fail for ever."""
        vectors = _encoded(batch.fresh.values(), self.embedder)
        for digest in batch.fresh:
            self._reading.pop(digest, None)
        try:
            step = self._write(batch, vectors)
        except Exception as error:
            if _stops_all(error):
                raise
            log.exception("a batch cannot be stored: its files are tried one by one")
            for alone in batch.apart():
                yield self._write_or_set_aside(alone, vectors)
        else:
            yield step

    def _write_or_set_aside(self, alone: Batch, vectors: Vectors) -> Step:
        try:
            return self._write(alone, vectors)
        except Exception as error:
            if _stops_all(error):
                raise
            ((task, _),) = alone.items
            log.exception("%s cannot be stored", task.file.path)
            told = shown(f"{type(error).__name__}: {error}")
            aside = Batch()
            aside.add(
                task,
                ReadFailure(
                    SkipReason.CRASHED,
                    f"What was read cannot be stored ({told}). Please report it.",
                ),
            )
            return self._write(aside, {})

    def _write(self, batch: Batch, vectors: Vectors) -> Step:
        embedder = self.embedder
        pictures = KeptPictures(vectors)
        failed = _without_absent(self._database.reading(), batch.failed)
        released = 0
        with self._database.writing() as connection:
            for digest, reading in batch.fresh.items():
                # Files may have been forgotten meanwhile: nothing of them is kept then.
                file_ids = files.existing(connection, batch.fresh_files[digest])
                if file_ids:
                    content_id = self._keep(connection, digest, reading, pictures)
                    files.mark_indexed(connection, file_ids, content_id)
            for file_id, content_id in batch.known:
                # So may the folder whose file had these bytes too: this one is then read itself.
                if contents.hash_of(connection, content_id) is None:
                    released += 1
                else:
                    files.mark_indexed(connection, [file_id], content_id)
            for task, failure in failed:
                files.mark_skipped(connection, [task.file_id], failure, self._edition)
                released += companions.release(connection, task.file_id, task.file)
            if pictures.segments:
                embeddings.add(
                    connection, embedder.vectors.model_id, pictures.segments, pictures.vectors
                )
        if pictures.segments:
            embedder.vectors.pictures.add(pictures.segments, pictures.vectors)
        absent = len(batch.failed) - len(failed)
        return Step(batch.size - absent, skipped=len(failed), released=released)

    def _keep(
        self,
        connection: sqlite3.Connection,
        digest: bytes,
        reading: Reading,
        pictures: KeptPictures,
    ) -> ContentId:
        """Stores a content, and those inside it."""
        content_id, fresh = contents.keep(connection, digest, reading)
        pictures.keep(reading, fresh)
        inside: list[tuple[Member, ContentId | None]] = []
        for member in reading.members:
            member_id = None
            if isinstance(member.outcome, Reading):
                member_id = contents.with_hash(connection, member.digest)
                if member_id is None or not contents.is_current(
                    connection, member_id, self._versions
                ):
                    member_id = self._keep(connection, member.digest, member.outcome, pictures)
            inside.append((member, member_id))
        members.keep(connection, content_id, inside, self._edition)
        return content_id


def _encoded(readings: Iterable[Reading], embedder: Embedder) -> Vectors:
    pictures = [picture for reading in readings for picture in pictures_of(reading)]
    if not pictures:
        return {}
    vectors = embedder.encode_pictures([picture.pixels for picture in pictures])
    return {id(picture): vector for picture, vector in zip(pictures, vectors, strict=True)}


def _without_absent(
    connection: sqlite3.Connection,
    failed: Sequence[tuple[Hashed, ReadFailure]],
) -> list[tuple[Hashed, ReadFailure]]:
    """Those but the files of a drive that was unplugged: they wait until it is back."""
    passing = {
        (task.file.folder_id, task.file.root)
        for task, failure in failed
        if failure.reason in files.TRANSIENT
    }
    away = [
        root / below
        for folder_id, root in passing
        for below in ([Path()] if is_away(root) else absent(connection, folder_id, root))
    ]
    return [
        (task, failure)
        for task, failure in failed
        if failure.reason not in files.TRANSIENT
        or not any(task.file.path.is_relative_to(path) for path in away)
    ]


def _is_of_no_use(future: Future[_Hash]) -> bool:
    """Whether a file is to be hashed again: it was not, or could not be then."""
    return future.cancelled() or (
        future.done()
        and (future.exception() is not None or isinstance(future.result(), ReadFailure))
    )


def _stops_all(error: Exception) -> bool:
    """Whether the disk, the database or the memory is to blame, and not a file."""
    return (
        isinstance(error, OSError | MemoryError | sqlite3.OperationalError | LibraryBusyError)
        or type(error) is sqlite3.DatabaseError  # a damaged file is told so
    )


def _completed(result: ReadFailure | ContentId) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    future.set_result(result)
    return future


def _hash(file: FoundFile) -> _Hash:
    try:
        if file.size_bytes and not registry.is_read(file.path):
            return ReadFailure(
                SkipReason.UNSUPPORTED,
                f"Keepsight does not read {shown(file.path.suffix) or 'such'} files.",
            )
        if file.size_bytes == 0:
            return ReadFailure(SkipReason.EMPTY, "The file has no content (0 bytes).")
        return hashing.content_hash(file.path) or registry.changing()
    except OSError as error:
        return registry.failure_of(error)
