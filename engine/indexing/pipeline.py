"""What happens to a file that waits: hashed, read where its bytes are new, embedded, stored.

Hashing, reading and encoding overlap; each runs a bounded number of files ahead of the next.
Vectors are found once what they belong to is committed: ids that are rolled back come again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.indexing import companions
from engine.indexing.embedding import PICTURE_BATCH, Embedder
from engine.indexing.stages import ahead
from engine.paths import shown
from engine.readers import hashing, registry
from engine.readers.isolation import ReaderPool
from engine.readings import Member, Picture, ReadFailure, Reading, SkipReason
from engine.records import ContentId, FileId, FoundFile, SegmentId, Stamp
from engine.store import contents, embeddings, files, members
from engine.store.database import Database

log = logging.getLogger(__name__)

HASH_AHEAD = 64
READ_AHEAD = 32
FILE_BATCH = 64


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction achieved, in files."""

    done: int = 0
    skipped: int = 0
    released: int = 0
    """How many files gave others cause to wait, or wait again themselves: they are to be read."""


@dataclass(frozen=True, slots=True)
class _Hashed:
    file_id: FileId
    file: FoundFile
    outcome: tuple[bytes, Stamp] | ReadFailure


_Outcome = Reading | ReadFailure | ContentId


@dataclass(slots=True)
class _Batch:
    """What the next transaction will store."""

    items: list[tuple[_Hashed, _Outcome]] = field(default_factory=list)
    fresh: dict[bytes, Reading] = field(default_factory=dict)
    fresh_files: dict[bytes, list[FileId]] = field(default_factory=dict)
    known: list[tuple[FileId, ContentId]] = field(default_factory=list)
    failed: list[tuple[_Hashed, ReadFailure]] = field(default_factory=list)
    pictures: int = 0

    def add(self, task: _Hashed, outcome: _Outcome) -> None:
        self.items.append((task, outcome))
        if isinstance(outcome, ReadFailure):
            self.failed.append((task, outcome))
        elif isinstance(outcome, Reading):
            assert not isinstance(task.outcome, ReadFailure)
            digest, _ = task.outcome
            if digest not in self.fresh:
                self.fresh[digest] = outcome
                self.pictures += sum(1 for _ in _pictures(outcome))
            self.fresh_files.setdefault(digest, []).append(task.file_id)
        else:
            self.known.append((task.file_id, outcome))

    def apart(self) -> Iterator[_Batch]:
        """Each file in a batch of its own."""
        for item in self.items:
            alone = _Batch()
            alone.add(*item)
            yield alone

    @property
    def size(self) -> int:
        return len(self.items)

    @property
    def is_full(self) -> bool:
        return self.pictures >= PICTURE_BATCH or self.size >= FILE_BATCH


class Pipeline:
    """Turns files that wait into contents, segments and embeddings. Used by one thread."""

    def __init__(self, database: Database, embedder: Embedder, readers: ReaderPool) -> None:
        self.embedder = embedder
        """Of the model in use; another may take its place between two steps."""
        self._database = database
        self._readers = readers
        self._hashers = ThreadPoolExecutor(1, thread_name_prefix="keepsight-hash")
        self._reading: dict[bytes, Future[Reading | ReadFailure]] = {}
        self._versions = registry.versions()
        self._edition = registry.edition()

    def read_waiting(self) -> Iterator[Step]:
        """Works through the files that wait, newest first, a transaction at a time."""
        self._reading.clear()
        waiting = files.waiting(self._database.reading())
        hashed = (
            _Hashed(file_id, file, outcome)
            for (file_id, file), outcome in ahead(waiting, self._hash, HASH_AHEAD)
        )
        batch = _Batch()
        for task, outcome in ahead(hashed, self._read, READ_AHEAD):
            batch.add(task, outcome)
            if batch.is_full:
                yield from self._store(batch)
                batch = _Batch()
        if batch.size:
            yield from self._store(batch)

    def close(self) -> None:
        """Stops hashing; what is under way is dropped and waits still."""
        self._hashers.shutdown(cancel_futures=True)

    def _hash(self, waiting: tuple[FileId, FoundFile]) -> Future[tuple[bytes, Stamp] | ReadFailure]:
        return self._hashers.submit(_hash, waiting[1])

    def _read(self, task: _Hashed) -> Future[_Outcome]:
        if isinstance(task.outcome, ReadFailure):
            return _completed(task.outcome)
        digest, stamp = task.outcome
        connection = self._database.reading()
        content_id = contents.with_hash(connection, digest)
        if content_id is not None and contents.is_current(connection, content_id, self._versions):
            return _completed(content_id)
        future = self._reading.get(digest)
        if future is None:
            future = self._readers.submit_read(task.file.path, self.embedder.pixels, stamp)
            self._reading[digest] = future
        return future  # type: ignore[return-value]

    def _store(self, batch: _Batch) -> Iterator[Step]:
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

    def _write_or_set_aside(self, alone: _Batch, vectors: _Vectors) -> Step:
        try:
            return self._write(alone, vectors)
        except Exception as error:
            if _stops_all(error):
                raise
            ((task, _),) = alone.items
            log.exception("%s cannot be stored", task.file.path)
            told = shown(f"{type(error).__name__}: {error}")
            aside = _Batch()
            aside.add(
                task,
                ReadFailure(
                    SkipReason.CRASHED,
                    f"What was read cannot be stored ({told}). Please report it.",
                ),
            )
            return self._write(aside, {})

    def _write(self, batch: _Batch, vectors: _Vectors) -> Step:
        embedder = self.embedder
        pictures = _KeptPictures(vectors)
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
            for task, failure in batch.failed:
                files.mark_skipped(connection, [task.file_id], failure, self._edition)
                released += companions.release(connection, task.file_id, task.file)
            if pictures.segments:
                embeddings.add(
                    connection, embedder.vectors.model_id, pictures.segments, pictures.vectors
                )
        if pictures.segments:
            embedder.vectors.pictures.add(pictures.segments, pictures.vectors)
        return Step(batch.size, skipped=len(batch.failed), released=released)

    def _keep(
        self,
        connection: sqlite3.Connection,
        digest: bytes,
        reading: Reading,
        pictures: _KeptPictures,
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


_Vectors = Mapping[int, NDArray[np.float32]]
"""(D,) vectors of pictures, by the pictures' `id`."""


class _KeptPictures:
    """Of the pictures that were read, those that have new segments, and their vectors."""

    def __init__(self, vectors: _Vectors) -> None:
        self.segments: list[SegmentId] = []
        self._kept: list[NDArray[np.float32]] = []
        self._vectors = vectors

    def keep(self, reading: Reading, fresh: Sequence[tuple[SegmentId, int]]) -> None:
        """Keeps the vectors of those pictures of `reading` that have new segments."""
        for segment_id, number in fresh:
            self.segments.append(segment_id)
            self._kept.append(self._vectors[id(reading.pictures[number])])

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(N, D) vectors of the N segments."""
        return np.stack(self._kept)


def _encoded(readings: Iterable[Reading], embedder: Embedder) -> _Vectors:
    pictures = [picture for reading in readings for picture in _pictures(reading)]
    if not pictures:
        return {}
    vectors = embedder.encode_pictures([picture.pixels for picture in pictures])
    return {id(picture): vector for picture, vector in zip(pictures, vectors, strict=True)}


def _stops_all(error: Exception) -> bool:
    """Whether the disk, the database or the memory is to blame, and not a file."""
    return (
        isinstance(error, OSError | MemoryError | sqlite3.OperationalError)
        or type(error) is sqlite3.DatabaseError  # a damaged file is told so
    )


def _pictures(reading: Reading) -> Iterator[Picture]:
    """The pictures of a file and of those inside it."""
    yield from reading.pictures
    for member in reading.members:
        if isinstance(member.outcome, Reading):
            yield from member.outcome.pictures


def _completed(result: ReadFailure | ContentId) -> Future[_Outcome]:
    future: Future[_Outcome] = Future()
    future.set_result(result)
    return future


def _hash(file: FoundFile) -> tuple[bytes, Stamp] | ReadFailure:
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
