"""Reads the dates that cameras, programs and file names carry, and refuses impossible ones."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePath

EARLIEST_YEAR = 1826
"""No photo is older."""
FIRST_SATELLITES_YEAR = 1980
FARTHEST_OFFSET = timedelta(hours=15)
OFFSET_STEP = timedelta(minutes=15)

_RESET_YEARS = (1904, 1970, 1980)
"""Where clocks begin: the first minute of these years is that of an empty battery."""
_WRITTEN = re.compile(
    r"(\d{4})[:/.-](\d{1,2})[:/.-](\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)
_DAY = r"(?P<year>(?:19|20)\d\d)(?P<s>[-_.]?)(?P<month>\d\d)(?P=s)(?P<day>\d\d)"
_TIME = r"(?P<hour>\d{1,2})(?P<t>[-_.:]?)(?P<minute>\d\d)(?P=t)(?P<second>\d\d)"
_NAMED = (
    # IMG_20240413_153000, PXL_20240413_153000123, 2024-04-13 15.30.00, Screenshot_2024-04-13-15-…,
    # WhatsApp Image 2024-04-13 at 3.30.00 PM, 截屏2024-04-13 下午3.30.00
    re.compile(
        rf"(?<!\d){_DAY}(?:\s|[-_T]| at | um | à | om |, )+(?P<before>[上下]午)?{_TIME}"
        r"(?:\d{3})?(?!\d)(?:[\s\u202f]?(?P<half>[AP]M))?",
        re.ASCII | re.IGNORECASE,
    ),
    re.compile(rf"(?<!\d)(?=\d{{14}}(?:\d{{3}})?(?!\d)){_DAY}{_TIME}", re.ASCII),
    # IMG-20240413-WA0001, 2024-04-13 Trip, 20240413, scan_20240413
    re.compile(rf"(?:^|(?<=[\s_-])){_DAY}(?!\d)", re.ASCII),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)", re.ASCII),
    # 发票2024年4月13日, Rechnung 13.04.2024
    re.compile(r"(?P<year>(?:19|20)\d\d)年(?P<month>\d{1,2})月(?P<day>\d{1,2})日", re.ASCII),
    re.compile(
        r"(?<![A-Za-z0-9.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d\d)(?![\d.])",
        re.ASCII,
    ),
)
_NAMED_MS = re.compile(r"^(?:mmexport|wx_camera_|FB_IMG_|IMG_|Image_)?(1\d{12})(?!\d)", re.ASCII)
"""Milliseconds since 1970, as WeChat and Facebook name photos."""


def written(text: str, offset: str = "") -> datetime | None:
    """The date in EXIF's or XMP's spelling, with a time zone where it or `offset` has one."""
    found = _WRITTEN.match(text.strip())
    if found is None:
        return None
    *numbers, own_offset = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    with suppress(ValueError):
        moment = datetime(year, month, day, hour, minute, min(second, 59))
        return plausible(moment.replace(tzinfo=zone(own_offset or offset)))
    return None


def zone(offset: str) -> timezone | None:
    """The time zone in `+01:00`, `-0930` or `Z`."""
    if offset.strip() == "Z":
        return UTC
    found = _OFFSET.fullmatch(offset.strip())
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    if distance > FARTHEST_OFFSET:
        return None
    return timezone(-distance if sign == "-" else distance)


def plausible(moment: datetime) -> datetime | None:
    """The date, unless no photo can be from then or no clock had been set."""
    is_reset = moment.year in _RESET_YEARS and (moment.month, moment.day) == (1, 1)
    if moment.year < EARLIEST_YEAR or (is_reset and (moment.hour, moment.minute) == (0, 0)):
        return None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    # A clock without a time zone may be half a day ahead of this one.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone(timedelta(hours=14)))
    with suppress(OverflowError):
        return moment if aware <= tomorrow else None
    return None


def from_satellites(moment: datetime | None) -> datetime | None:
    """What a receiver wrote, unless there were no satellites yet; it is UTC if nothing is said."""
    if moment is None or moment.year < FIRST_SATELLITES_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def in_zone_of(moment: datetime, utc: datetime) -> datetime:
    """A date without a time zone in the one that satellites tell: zones lie quarter hours apart."""
    if moment.tzinfo is not None:
        return moment
    steps = round((moment.replace(tzinfo=UTC) - utc) / OFFSET_STEP)
    offset = steps * OFFSET_STEP
    return moment.replace(tzinfo=timezone(offset)) if abs(offset) <= FARTHEST_OFFSET else moment


def named(path: PurePath) -> datetime | None:
    """When a file was made, as its name says; a day alone begins at midnight."""
    if found := _NAMED_MS.match(path.stem):
        return plausible(datetime.fromtimestamp(int(found[1]) / 1000, UTC))
    # Google's phones name their photos in UTC.
    zone_of_name = UTC if path.name.startswith("PXL_") else None
    for pattern in _NAMED:
        for found in pattern.finditer(path.stem):
            with suppress(ValueError):
                if known := plausible(_moment(found.groupdict()).replace(tzinfo=zone_of_name)):
                    return known
    return None


def _moment(parts: dict[str, str | None]) -> datetime:
    """The date in a name's parts. Raises ValueError for one that no calendar has."""
    year, month, day, hour, minute, second = (
        int(parts.get(part) or 0) for part in ("year", "month", "day", "hour", "minute", "second")
    )
    if half := parts.get("half") or parts.get("before"):
        hour = hour % 12 + (12 if half.upper() in ("PM", "下午") else 0)
    return datetime(year, month, day, hour, minute, second)
