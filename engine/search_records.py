"""The records of searching: what is asked, what answers, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from engine.readings import WHOLE, Box, Details, Kind, Spot
from engine.records import ContentId, FileId, FolderId, SegmentId, Skip


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
    """One retriever's view of a hit: its rank there (from 1) and its chance of being right.

    It is `of_a_part` where a part of a photo was found rather than the whole.
    """

    retriever: Retriever
    rank: int
    score: float
    detail: str
    of_a_part: bool = False


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
