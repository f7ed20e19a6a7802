"""What readers get out of files: pictures, passages, details, and the files that lie inside."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Kind(StrEnum):
    """What a content is."""

    PHOTO = "photo"
    DOCUMENT = "document"
    VIDEO = "video"
    ARCHIVE = "archive"


class SkipReason(StrEnum):
    """Why a file was not indexed."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    VANISHED = "vanished"
    CHANGING = "changing"
    CORRUPT = "corrupt"
    WRONG_TYPE = "wrong type"
    TOO_LARGE = "too large"
    NO_TEXT = "no text"
    CRASHED = "reader crashed"
    TIMED_OUT = "reader timed out"
    OUT_OF_MEMORY = "reader out of memory"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class PixelSpec:
    """The pictures that an encoder wants: square, `edge_px` wide.

    `squash` keeps the whole picture in view; otherwise the centre square is cut out.
    """

    edge_px: int
    squash: bool


class Spot(NamedTuple):
    """Where in a content a picture is: a page, slide or frame from 1, or a second of a video."""

    page: int | None = None
    second: float | None = None


WHOLE = Spot()
"""Of a photo, which has but one picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """(E, E, 3) uint8 RGB, upright, fitted to the `PixelSpec` that was asked for."""

    pixels: NDArray[np.uint8]
    spot: Spot = WHOLE


class Box(NamedTuple):
    """A part of the upright picture, as shares of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a content's text; `[start, end)` are offsets in it, in characters.

    `page` counts pages or slides from 1; `section` names a sheet, a chapter or a part. Text that
    was recognised in a picture has the `boxes` of its lines.
    """

    text: str
    start: int
    end: int
    page: int | None = None
    section: str = ""
    boxes: tuple[Box, ...] = ()


class DateSource(StrEnum):
    """Who says when something was taken, written or sent."""

    CAMERA = "camera"
    GPS = "gps"
    SIDECAR = "sidecar"
    VIDEO = "video"
    DOCUMENT = "document"
    MAIL = "mail"
    NAME = "file name"


@dataclass(frozen=True, slots=True)
class Place:
    """The nearest town, in English and, where its name is known, in Chinese."""

    city: str = ""
    region: str = ""
    country: str = ""
    city_zh: str = ""
    region_zh: str = ""
    country_zh: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What a file says of itself. `width` and `height` are those of the upright original, in
    pixels; `latitude` and `longitude` degrees (WGS 84); `rating` 1 to 5; `language` ISO 639-1.

    `taken_at` is when a photo or video was taken, a document written, a mail sent; it has a time
    zone where one is known.
    """

    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None
    taken_from: DateSource | None = None
    camera: str | None = None
    lens: str | None = None
    iso: int | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    caption: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: Place | None = None
    title: str | None = None
    author: str | None = None
    language: str | None = None
    pages: int | None = None
    duration_s: float | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """Why a reader got nothing out of a file."""

    reason: SkipReason
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What a reader got out of one file.

    A photo has one picture, a document one of each page that was drawn, a video one of each of its
    moments. `textless` are pages without text of their own, whose text may be recognised.
    `members` are the files inside an archive or the attachments of a mail. Who calls the reader
    fills in `reader` and `reader_version`.
    """

    kind: Kind
    pictures: tuple[Picture, ...] = ()
    passages: tuple[Passage, ...] = ()
    details: Details = field(default_factory=Details)
    textless: tuple[int, ...] = ()
    members: tuple[Member, ...] = ()
    reader: str = ""
    reader_version: int = 0

    @property
    def pixels(self) -> NDArray[np.uint8] | None:
        """The first picture, where there is one."""
        return self.pictures[0].pixels if self.pictures else None


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A file inside another: its name there, its BLAKE3 hash, and what a reader made of it."""

    name: str
    digest: bytes
    size_bytes: int
    modified_at: datetime | None
    outcome: Reading | ReadFailure
