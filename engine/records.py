"""The records that travel between the steps of the engine, and from it to the window.

All of them are frozen: a step takes records and yields records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NewType, Self

from engine.readings import WHOLE, Box, Details, Kind, PixelSpec, SkipReason, Spot

if TYPE_CHECKING:
    import os

FolderId = NewType("FolderId", int)
FileId = NewType("FileId", int)
ContentId = NewType("ContentId", int)
SegmentId = NewType("SegmentId", int)
ModelId = NewType("ModelId", int)


class SegmentKind(StrEnum):
    """What a segment, the smallest thing a search returns, is.

    The first three are pictures: a photo, a page of a document, a moment of a video. The others
    are text: a passage as it was written, or as it was recognised in a picture.
    """

    PHOTO = "photo"
    PAGE = "page"
    MOMENT = "moment"
    PASSAGE = "passage"
    RECOGNISED = "recognised"


class Medium(StrEnum):
    """What a segment is to an encoder. The values stand in the files of vectors and of models."""

    PICTURE = "photo"
    TEXT = "passage"


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


class Retriever(StrEnum):
    """Who found a hit."""

    PHOTO_MEANING = "photo meaning"
    PASSAGE_MEANING = "passage meaning"
    WORDS = "words"
    DETAILS = "details"
    NAME = "name"
    DATE = "date"


class Band(StrEnum):
    """How far a hit can be trusted."""

    STRONG = "strong"
    MAYBE = "maybe"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Match:
    """One retriever's view of a hit: its rank there (from 1) and its chance of being right."""

    retriever: Retriever
    rank: int
    score: float
    detail: str


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asks for: words, a picture (a file), a hit to find more like, or several.

    `like_segment` is the page or the moment of `like` that is meant, where one is.
    `text` may hold filters (`type:photo in:Trips after:2023 before:2024-06 -snow "exact words"`).
    """

    text: str = ""
    picture: Path | None = None
    like: ContentId | None = None
    like_segment: SegmentId | None = None
    kind: Kind | None = None
    folder_id: FolderId | None = None
    limit: int = 200

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for: then the newest contents are the answer."""
        return not self.text.strip() and self.picture is None and self.like is None


class Measure(StrEnum):
    """A number that files say of themselves."""

    RATING = "rating"
    ISO = "iso"
    WIDTH = "width"
    HEIGHT = "height"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `least` to `most` that a file may say of itself; None is any."""

    of: Measure
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must satisfy, besides meaning. Dates are [after, before).

    `phrases` must stand in a passage, in the name of the file or in what it says of itself; what is
    in `without`, words or phrases, in none of them. Each of `cameras` (lenses too), `places`,
    `tags` and `authors` must stand in what it says of itself. `languages` are those of which it is
    in one, by their codes in ISO 639-1. What satisfies one of `excluding` is left out.
    """

    kind: Kind | None = None
    folder_id: FolderId | None = None
    folder_words: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    extensions: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    excluding: tuple[Filters, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of an answer: a content, by the best of its segments, at one of its files.

    `score` is between 0 and 1 and never rises down the list; `snippet` is the passage that
    matched, `snippet_start` its offset in the document in characters, and `spot` its page or the
    second of the video; text that was recognised stands in the picture at `boxes`. `member` names
    the file inside the file at `path`; `companions` are shown with it (a raw photo, a live photo's
    video); `problem` is why text in its pictures could not be looked for; `copies` counts the
    other files with the same bytes.
    """

    content_id: ContentId
    segment_id: SegmentId
    file_id: FileId
    path: Path
    folder: Path
    kind: Kind
    score: float
    band: Band
    matches: tuple[Match, ...]
    size_bytes: int
    modified_at: datetime
    online: bool
    snippet: str = ""
    snippet_start: int | None = None
    copies: int = 0
    details: Details = field(default_factory=Details)
    member: str = ""
    spot: Spot = WHOLE
    section: str = ""
    boxes: tuple[Box, ...] = ()
    has_picture: bool = False
    problem: str = ""
    companions: tuple[Path, ...] = ()

    @property
    def shown_at(self) -> datetime:
        """The date to show and sort by: when it was taken, else when it was changed."""
        return self.details.taken_at or self.modified_at


@dataclass(frozen=True, slots=True)
class SearchResult:
    """An answer: hits, best first, and how long it took in seconds.

    `words` are those of the query that tell files apart: filters and common words are none.
    `unknown_words` are words of the query that the model has never seen; `unknown_language` is the
    language or script that most of it is in, where the model does not know that. `no_filters` look
    like filters and are none, as `type:banana` and `colour:red`: they were searched for as words.
    `skipped` files that have all the words in their name were not indexed: some are `skips`.
    """

    query: Query
    hits: tuple[Hit, ...]
    seconds: float
    words: tuple[str, ...] = ()
    unknown_words: tuple[str, ...] = ()
    unknown_language: str | None = None
    no_filters: tuple[str, ...] = ()
    skipped: int = 0
    skips: tuple[Skip, ...] = ()


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
