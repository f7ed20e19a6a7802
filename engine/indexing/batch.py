"""What one transaction of indexing stores: files that were hashed, and what was read in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.indexing.embedding import PICTURE_BATCH
from engine.readings import Picture, ReadFailure, Reading
from engine.records import ContentId, FileId, FoundFile, SegmentId, Stamp

FILE_BATCH = 64

Vectors = Mapping[int, NDArray[np.float32]]
"""(D,) vectors of pictures, by the pictures' `id`."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """A file that waits, with its hash and its stamp at that moment, or why it has none."""

    file_id: FileId
    file: FoundFile
    outcome: tuple[bytes, Stamp] | ReadFailure


Outcome = Reading | ReadFailure | ContentId
"""What is made of a file that was hashed; the content where its bytes are known."""


@dataclass(slots=True)
class Batch:
    """What the next transaction will store."""

    items: list[tuple[Hashed, Outcome]] = field(default_factory=list)
    fresh: dict[bytes, Reading] = field(default_factory=dict)
    fresh_files: dict[bytes, list[FileId]] = field(default_factory=dict)
    known: list[tuple[FileId, ContentId]] = field(default_factory=list)
    failed: list[tuple[Hashed, ReadFailure]] = field(default_factory=list)
    pictures: int = 0

    def add(self, task: Hashed, outcome: Outcome) -> None:
        """Takes in a file and what was made of it."""
        self.items.append((task, outcome))
        if isinstance(outcome, ReadFailure):
            self.failed.append((task, outcome))
        elif isinstance(outcome, Reading):
            assert not isinstance(task.outcome, ReadFailure)
            digest, _ = task.outcome
            if digest not in self.fresh:
                self.fresh[digest] = outcome
                self.pictures += sum(1 for _ in pictures_of(outcome))
            self.fresh_files.setdefault(digest, []).append(task.file_id)
        else:
            self.known.append((task.file_id, outcome))

    def apart(self) -> Iterator[Batch]:
        """Each file in a batch of its own."""
        for item in self.items:
            alone = Batch()
            alone.add(*item)
            yield alone

    @property
    def size(self) -> int:
        """How many files it has."""
        return len(self.items)

    @property
    def is_full(self) -> bool:
        """Whether it is to be stored before more is taken in."""
        return self.pictures >= PICTURE_BATCH or self.size >= FILE_BATCH


class KeptPictures:
    """Of the pictures that were read, those that have new segments, and their vectors."""

    def __init__(self, vectors: Vectors) -> None:
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


def pictures_of(reading: Reading) -> Iterator[Picture]:
    """The pictures of a file and of those inside it."""
    yield from reading.pictures
    for member in reading.members:
        if isinstance(member.outcome, Reading):
            yield from member.outcome.pictures
