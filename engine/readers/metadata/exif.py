"""Reads what cameras write into photos: EXIF."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from PIL import ExifTags, Image

from engine.readers.metadata import dates, words
from engine.readers.metadata.found import Found

_RATING, _RATING_PERCENT = 0x4746, 0x4749
_XP_TITLE, _XP_COMMENT, _XP_AUTHOR, _XP_KEYWORDS, _XP_SUBJECT = range(0x9C9B, 0x9CA0)
_CHARSET_CHARS = 8
_SATURATED_ISO = 65535
"""What the old tag holds where the sensitivity is more than fits into it."""

Tags = Mapping[int, object]


def orientation(exif: Image.Exif | None) -> int:
    """How the picture is to be turned, from 1 to 8; 1 where nothing usable is said."""
    # Tags of hostile files raise nearly anything when they are parsed.
    with suppress(Exception):
        value = exif.get(ExifTags.Base.Orientation) if exif else 1
        return value if isinstance(value, int) else 1
    return 1


def found(exif: Image.Exif) -> Found:
    """What the tags say; what cannot be read of them is left out."""
    tags: dict[int, object] = {}
    gps: dict[int, object] = {}
    with suppress(Exception):
        tags |= dict(exif)
    with suppress(Exception):
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        tags |= {tag: tags.get(tag) or value for tag, value in inner.items()}
    with suppress(Exception):
        gps |= exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude, longitude = _position(gps)
    base = ExifTags.Base
    return Found(
        original=_date(tags, base.DateTimeOriginal, base.OffsetTimeOriginal),
        digitized=_date(tags, base.DateTimeDigitized, base.OffsetTimeDigitized),
        changed=_date(tags, base.DateTime, base.OffsetTime),
        gps_at=_gps_at(gps),
        camera=words.camera(tags.get(base.Make), tags.get(base.Model)),
        lens=words.words(tags.get(base.LensModel)) or None,
        iso=_iso(tags),
        rating=_rating(tags),
        keywords=words.keywords(_wide(tags.get(_XP_KEYWORDS)).split(";")),
        caption=words.caption(
            tags.get(base.ImageDescription),
            _comment(tags.get(base.UserComment)),
            _wide(tags.get(_XP_COMMENT)),
            _wide(tags.get(_XP_SUBJECT)),
        ),
        title=words.words(_wide(tags.get(_XP_TITLE))) or None,
        author=words.words(tags.get(base.Artist))
        or words.words(_wide(tags.get(_XP_AUTHOR)))
        or None,
        latitude=latitude,
        longitude=longitude,
    )


def _date(tags: Tags, date_tag: int, offset_tag: int) -> datetime | None:
    written, offset = words.words(tags.get(date_tag)), words.words(tags.get(offset_tag))
    # The offset of the last change is that of where somebody edits, unless nobody has.
    if not offset and written == words.words(tags.get(ExifTags.Base.DateTime)):
        offset = words.words(tags.get(ExifTags.Base.OffsetTime))
    return dates.written(written, offset)


def _gps_at(gps: Tags) -> datetime | None:
    day = dates.written(words.words(gps.get(ExifTags.GPS.GPSDateStamp)))
    time = _numbers(gps.get(ExifTags.GPS.GPSTimeStamp))
    if day is None or len(time) != 3 or not all(0 <= each <= 60 for each in time):
        return None
    hours, minutes, seconds = time
    since = timedelta(hours=hours, minutes=minutes, seconds=int(seconds))
    return dates.from_satellites(dates.plausible(day.replace(tzinfo=UTC) + since))


def _position(gps: Tags) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees, or nothing where one is missing or both are zero."""
    latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef))
    longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef))
    return position(latitude, longitude)


def position(
    latitude: float | None, longitude: float | None
) -> tuple[float, float] | tuple[None, None]:
    """The place, if it is one: receivers that know of none write zeros."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None, None
    return round(latitude, 6), round(longitude, 6)


def _degrees(value: object, reference: object) -> float | None:
    parts = _numbers(value)
    if not 1 <= len(parts) <= 3:
        return None
    degrees = sum(part / 60.0**power for power, part in enumerate(parts))
    return -degrees if words.words(reference)[:1].upper() in ("S", "W") else degrees


def _numbers(value: object) -> tuple[float, ...]:
    """Rational numbers as floats; none at all where one of them is not finite."""
    parts = value if isinstance(value, tuple) else (value,)
    with suppress(TypeError, ValueError, ZeroDivisionError):
        numbers = tuple(float(part) for part in parts)
        return numbers if all(map(math.isfinite, numbers)) else ()
    return ()


def _iso(tags: Tags) -> int | None:
    for tag in (ExifTags.Base.ISOSpeedRatings, ExifTags.Base.ISOSpeed, 0x8832):
        numbers = _numbers(tags.get(tag))
        if numbers and 0 < numbers[0] < 10_000_000 and numbers[0] != _SATURATED_ISO:
            return round(numbers[0])
    return None


def _rating(tags: Tags) -> int | None:
    stars, percent = _numbers(tags.get(_RATING)), _numbers(tags.get(_RATING_PERCENT))
    return rating(stars[0] if stars else None, percent[0] if percent else None)


def rating(stars: float | None, percent: float | None = None) -> int | None:
    """One to five stars; some programs write percent instead: 1, 25, 50, 75 and 99."""
    if not stars and percent:
        stars = 1 + percent // 25 if percent > 12 else 1
    return round(stars) if stars is not None and 1 <= stars <= 5 else None


def _comment(value: object) -> str:
    """A comment whose first eight bytes name how it is written."""
    if not isinstance(value, bytes):
        return words.words(value)
    charset, text = value[:_CHARSET_CHARS], value[_CHARSET_CHARS:]
    if charset.startswith(b"UNICODE"):
        # Which half comes first is nowhere said: letters of most texts have a zero one.
        order = "utf-16-be" if text[:1] == b"\0" else "utf-16-le"
        return text.decode(order, errors="ignore")
    if charset.startswith(b"JIS"):
        return text.decode("iso2022_jp", errors="ignore")
    return words.decoded(text if charset.startswith((b"ASCII", b"\0")) else value)


def _wide(value: object) -> str:
    """What Windows writes: UTF-16 in bytes."""
    if isinstance(value, tuple) and all(
        isinstance(part, int) and 0 <= part < 256 for part in value
    ):
        value = bytes(value)
    return value.decode("utf-16-le", errors="ignore") if isinstance(value, bytes) else ""
