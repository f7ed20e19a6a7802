"""What one kind of metadata says of a photo, before it is weighed against the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.readings import Place


@dataclass(frozen=True, slots=True)
class Found:
    """Nothing is set of which nothing is said; dates have a time zone where one is written.

    `digitized` is when a picture was made a file of, `changed` when it was last worked on, `gps_at`
    what satellites said (UTC). `rating` is 1 to 5; `latitude` and `longitude` degrees (WGS 84).
    """

    original: datetime | None = None
    digitized: datetime | None = None
    changed: datetime | None = None
    gps_at: datetime | None = None
    camera: str | None = None
    lens: str | None = None
    iso: int | None = None
    rating: int | None = None
    keywords: tuple[str, ...] = ()
    caption: str | None = None
    title: str | None = None
    author: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    place: Place | None = None


NOTHING = Found()
