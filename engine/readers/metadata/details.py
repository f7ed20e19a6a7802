"""Weighs what EXIF, XMP, IPTC, a sidecar and the name say of a photo, and places it on earth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PIL import Image

from engine.readers.metadata import dates, exif, iptc, places, words, xmp
from engine.readers.metadata.found import NOTHING, Found
from engine.readings import DateSource, Details

_JPEG_IPTC, _TIFF_IPTC = "photoshop", 33723

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The metadata that a file carries, each kind as its format has it."""

    exif: Image.Exif | None = None
    xmp: bytes | None = None
    iptc: iptc.Records | None = None
    text: Found = NOTHING
    """What stands in chunks of text, as PNG has them."""

    @property
    def orientation(self) -> int:
        """How the picture is to be turned, from 1 to 8 as EXIF counts."""
        return exif.orientation(self.exif)


def parts_of(image: Image.Image) -> Parts:
    """What a picture that Pillow opened carries; damaged metadata is left out."""
    tags: Image.Exif | None = None
    try:
        tags = image.getexif()
    # Of a PNG the whole picture is decoded here.
    except MemoryError:
        raise
    # Whatever a hostile file's metadata raises, the photo can be read without it.
    except Exception:  # noqa: BLE001
        pass
    packet = image.info.get("xmp")
    return Parts(
        exif=tags,
        xmp=packet if isinstance(packet, bytes) else None,
        iptc=_records(image),
        text=_text(image),
    )


def details_of(parts: Parts, path: Path, width: int, height: int) -> Details:
    """What is known of the photo at `path`, which is `width` × `height` pixels when upright.

    What a person wrote into a sidecar counts most, then what stands in the file. The date is, in
    this order: a sidecar's where it differs from the camera's, when the shutter opened, what
    satellites said, when the picture was digitised, what programs wrote, and what the name says.
    """
    beside = xmp.sidecar(path)
    camera = _safe(lambda: exif.found(parts.exif) if parts.exif else NOTHING)
    written = xmp.found(parts.xmp) if parts.xmp else NOTHING
    records = _safe(lambda: iptc.found(parts.iptc) if parts.iptc else NOTHING)
    people = (beside, written, records, parts.text, camera)
    machines = (camera, beside, written, records)
    taken_at, taken_from = _taken(beside, camera, (written, records, parts.text), path)
    located = next((each for each in (beside, camera, written) if each.latitude is not None), None)
    latitude, longitude = (located.latitude, located.longitude) if located else (None, None)
    place = None
    if latitude is not None and longitude is not None:
        place = places.place_of(latitude, longitude)
    return Details(
        width=width,
        height=height,
        taken_at=taken_at,
        taken_from=taken_from,
        camera=_first([each.camera for each in machines]),
        lens=_first([each.lens for each in machines]),
        iso=_first([each.iso for each in machines]),
        rating=_first([each.rating for each in people]),
        keywords=words.keywords(word for each in people for word in each.keywords),
        caption=_first([each.caption for each in people]),
        latitude=latitude,
        longitude=longitude,
        place=place or _first([each.place for each in people]),
        title=_first([each.title for each in people]),
        author=_first([each.author for each in people]),
    )


def _taken(
    beside: Found, camera: Found, others: tuple[Found, ...], path: Path
) -> tuple[datetime | None, DateSource | None]:
    if beside.original and not _same_clock(beside.original, camera.original):
        return beside.original, DateSource.SIDECAR
    satellites = next((each.gps_at for each in (camera, *others) if each.gps_at), None)
    clocks = [camera.original, camera.digitized, *(each.original for each in others)]
    # A clock that satellites agree with tells the same moment, and the time of day as well.
    zoned = (dates.in_zone_of(clock, satellites) for clock in clocks if clock and satellites)
    candidates = (
        (camera.original and _zoned(camera.original, satellites), DateSource.CAMERA),
        (next((clock for clock in zoned if clock.tzinfo), None), DateSource.CAMERA),
        (satellites, DateSource.GPS),
        (camera.digitized, DateSource.CAMERA),
        *((each.original, DateSource.CAMERA) for each in others),
        *((each.digitized, DateSource.CAMERA) for each in others),
        (beside.digitized, DateSource.SIDECAR),
        (dates.named(path), DateSource.NAME),
        (camera.changed, DateSource.CAMERA),
    )
    return next(((date, source) for date, source in candidates if date), (None, None))


def _zoned(clock: datetime, satellites: datetime | None) -> datetime:
    return dates.in_zone_of(clock, satellites) if satellites else clock


def _same_clock(one: datetime, other: datetime | None) -> bool:
    """Whether two dates show the same time, whatever zone either names."""
    return other is not None and one.replace(tzinfo=None) == other.replace(tzinfo=None)


def _first(values: list[Value | None]) -> Value | None:
    return next((value for value in values if value is not None), None)


def _safe(found: Callable[[], Found]) -> Found:
    # As above: a photo is never spoilt by what it says of itself.
    with suppress(Exception):
        return found()
    return NOTHING


def _records(image: Image.Image) -> iptc.Records | None:
    tags = getattr(image, "tag_v2", {})
    if _JPEG_IPTC not in image.info and _TIFF_IPTC not in tags:
        return None
    with suppress(Exception):
        from PIL import ImageFile, IptcImagePlugin

        if isinstance(image, ImageFile.ImageFile):
            return IptcImagePlugin.getiptcinfo(image)
    return None


def _text(image: Image.Image) -> Found:
    """The words in a PNG's chunks of text."""
    if image.format != "PNG":
        return NOTHING
    chunks = {key: value for key, value in image.info.items() if isinstance(value, str)}
    return replace(
        NOTHING,
        title=words.words(chunks.get("Title")) or None,
        author=words.words(chunks.get("Author")) or None,
        caption=words.caption(chunks.get("Description"), chunks.get("Comment")),
        original=dates.written(chunks.get("Creation Time", "")),
    )
