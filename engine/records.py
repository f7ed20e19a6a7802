"""The records that travel between the steps of the engine, and from it to the window.

All of them are frozen: a step takes records and yields records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NewType, Self

from engine.readings import PixelSpec, SkipReason

if TYPE_CHECKING:
    import os

FolderId = NewType("FolderId", int)
FileId = NewType("FileId", int)
ContentId = NewType("ContentId", int)
SegmentId = NewType("SegmentId", int)
ModelId = NewType("ModelId", int)


class SegmentKind(StrEnum):
    """What a segment, the smallest thing a search returns, is.

    The first three are pictures: a photo, a page of a document, a moment of a video. So is a part
    of a photo, which has an embedding once the photo was looked at closer. The others are text: a
    passage as it was written, or as it was recognised in a picture.
    """

    PHOTO = "photo"
    PAGE = "page"
    MOMENT = "moment"
    PART = "part"
    PASSAGE = "passage"
    RECOGNISED = "recognised"


class Medium(StrEnum):
    """What a segment is to an encoder. The values stand in the files of vectors and of models."""

    PICTURE = "photo"
    TEXT = "passage"

    @property
    def other(self) -> Medium:
        """What is asked for across media."""
        return Medium.TEXT if self is Medium.PICTURE else Medium.PICTURE


class FolderState(StrEnum):
    """Whether a watched folder can be reached."""

    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that was not indexed, or a `member` inside it. `detail` says what happened, for a
    person to act on.
    """

    file_id: FileId
    path: Path
    reason: SkipReason
    detail: str
    attempts: int
    skipped_at: datetime
    member: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """A watched place and what is in it, in numbers of files."""

    id: FolderId
    path: Path
    state: FolderState
    files: int
    indexed: int
    skipped: int


LATEST_NS = 2**63 - 1
"""The year 2262, the latest mtime that SQLite can hold: files may claim to be from later."""


class Stamp(NamedTuple):
    """What tells that a file was written to, without reading it; mtime is since the epoch."""

    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp in what the operating system says of a file."""
        return cls(status.st_size, min(status.st_mtime_ns, LATEST_NS))


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a scan or the watcher saw; `modified_ns` is nanoseconds since the epoch."""

    folder_id: FolderId
    root: Path
    relative: Path
    size_bytes: int
    modified_ns: int

    @property
    def path(self) -> Path:
        """The absolute path."""
        return self.root / self.relative

    @property
    def stamp(self) -> Stamp:
        """What it was when it was seen."""
        return Stamp(self.size_bytes, self.modified_ns)


@dataclass(frozen=True, slots=True)
class Drive:
    """Where another device begins below a watched folder: a drive is mounted, or linked to."""

    relative: Path
    device: int
    is_link: bool


class Null(StrEnum):
    """What the cosines of a query with unrelated segments are taken to be.

    ALL is the mean and deviation of its cosines with the model's background and a sample of the
    library. LOWER_HALF is the median of those with the model's background, and how far the lower
    half of them lies from it. The values stand in the cards of models.
    """

    ALL = "all"
    LOWER_HALF = "lower half"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a cosine into the chance that a hit is right: 1 / (1 + exp(-(slope z + offset))).

    `z` is how many standard deviations the cosine lies above those of unrelated segments, which
    are told by the `null` that the curve was fitted with.
    """

    slope: float
    offset: float
    null: Null = Null.ALL


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model is and what it wants.

    `fingerprint` changes whenever the vectors would: vectors of two fingerprints never meet. Those
    of each tower alone, where they are known, tell what two models have in common.
    """

    name: str
    title: str
    version: str
    dimension: int
    pixels: PixelSpec
    languages: tuple[str, ...]
    licence: str
    fingerprint: str
    photo_calibration: Calibration
    passage_calibration: Calibration
    picture_calibration: Calibration
    image_fingerprint: str = ""
    text_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Background:
    """What goes on in the background when everything is indexed."""

    looks_closer: bool
    """Whether parts of photos are embedded too."""
    recognises_text: bool
    """Whether text is looked for in photos and scanned pages."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The library in numbers. `files` = `indexed` + `waiting` + `skipped` +
    `companions`, which are shown with another file.

    What is listed is counted as it is listed: copies once, and what lies inside files too. So is
    `listed_in`, for each folder. `skipped_by_reason` has what could not be read inside files too.
    """

    files: int = 0
    indexed: int = 0
    waiting: int = 0
    skipped: int = 0
    offline: int = 0
    companions: int = 0
    photos: int = 0
    documents: int = 0
    videos: int = 0
    archives: int = 0
    listed_in: dict[FolderId, int] = field(default_factory=dict)
    skipped_by_reason: dict[SkipReason, int] = field(default_factory=dict)
