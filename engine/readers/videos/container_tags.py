"""Reads what the containers of videos say of them: when, where and with what they were taken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from engine.readers.metadata import places, words
from engine.readings import DateSource, Details

WORDS_CHARS = 1000

_EARLIEST_YEAR, _LATEST_YEAR = 1990, 2100
_DATES = ("com.apple.quicktime.creationdate", "creation_time")
_PLACES = ("com.apple.quicktime.location.iso6709", "location", "location-eng", "\xa9xyz")
_PLACE = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)(?![\d.])")
_MAKES = ("com.apple.quicktime.make", "com.android.manufacturer", "make")
_MODELS = ("com.apple.quicktime.model", "com.android.model", "model")


def read(tags: Mapping[str, str]) -> Details:
    """The date, place, camera and words in tags as FFmpeg names them."""
    tags = {key.lower(): value for key, value in tags.items()}
    taken_at = _taken_at(tags)
    latitude, longitude = _position(tags)
    place = None
    if latitude is not None and longitude is not None:
        place = places.place_of(latitude, longitude)
    return Details(
        taken_at=taken_at,
        taken_from=DateSource.VIDEO if taken_at else None,
        camera=words.camera(_first(tags, _MAKES), _first(tags, _MODELS)),
        caption=_words(tags, "description"),
        latitude=latitude,
        longitude=longitude,
        place=place,
        title=_words(tags, "title"),
        author=_words(tags, "artist"),
    )


def _taken_at(tags: Mapping[str, str]) -> datetime | None:
    """When it was taken; a clock that was never set says 1904 or 1970."""
    for key in _DATES:
        with suppress(ValueError):
            taken_at = datetime.fromisoformat(tags.get(key, ""))
            if _EARLIEST_YEAR <= taken_at.year <= _LATEST_YEAR:
                return taken_at
    return None


def _position(tags: Mapping[str, str]) -> tuple[float, float] | tuple[None, None]:
    """Latitude and longitude in degrees, as ISO 6709 writes them."""
    for key in _PLACES:
        if found := _PLACE.match(tags.get(key, "")):
            latitude, longitude = float(found[1]), float(found[2])
            # What cannot tell where it is says that it is on the equator.
            if abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude or longitude):
                return latitude, longitude
    return None, None


def _first(tags: Mapping[str, str], keys: Iterable[str]) -> str | None:
    return next((tags[key] for key in keys if tags.get(key)), None)


def _words(tags: Mapping[str, str], key: str) -> str | None:
    return words.words(tags.get(key))[:WORDS_CHARS] or None
