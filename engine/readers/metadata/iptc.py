"""Reads IPTC, in which agencies and older programs describe photos."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.readers.metadata import dates, words
from engine.readers.metadata.found import Found
from engine.readings import Place

_TITLE, _KEYWORDS, _DAY, _TIME, _AUTHOR = (2, 5), (2, 25), (2, 55), (2, 60), (2, 80)
_CITY, _REGION, _COUNTRY, _HEADLINE, _CAPTION = (2, 90), (2, 95), (2, 101), (2, 105), (2, 120)

Records = Mapping[tuple[int, int], bytes | list[bytes]]


def found(records: Records) -> Found:
    """What the records, by Pillow's numbers of them, say."""

    def first(key: tuple[int, int]) -> str:
        value = records.get(key, b"")
        return words.lines(value[0] if isinstance(value, list) and value else value)

    keywords = records.get(_KEYWORDS, b"")
    place = Place(city=first(_CITY), region=first(_REGION), country=first(_COUNTRY))
    return Found(
        original=_date(first(_DAY), first(_TIME)),
        keywords=words.keywords(keywords if isinstance(keywords, list) else [keywords]),
        caption=words.caption(first(_CAPTION)),
        title=first(_TITLE) or first(_HEADLINE) or None,
        author=first(_AUTHOR) or None,
        place=place if place != Place() else None,
    )


def _date(day: str, time: str) -> datetime | None:
    """The date in `YYYYMMDD`, and in `HHMMSS+HHMM` where that is written."""
    if len(day) != len("YYYYMMDD"):
        return None
    hour, minute, second = (time[start : start + 2] or "00" for start in (0, 2, 4))
    return dates.written(f"{day[:4]}-{day[4:6]}-{day[6:]} {hour}:{minute}:{second}", time[6:])
