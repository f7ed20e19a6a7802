"""Reads the properties in a stream of an older document: its numbers, texts and times.

[MS-OLEPS] describes them. olefile reads them too, but makes billions of values of a damaged list.
"""

from __future__ import annotations

import codecs
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta

CODE_PAGE, TITLE, AUTHOR, CREATED, SAVED, PAGES = 1, 2, 4, 12, 13, 14
"""In the summary of a document."""
SLIDES = 7
"""In the summary of what only documents have."""
MOST = 1000
MOST_TEXT_BYTES = 4096

_SHORT, _LONG, _TEXT, _WIDE_TEXT, _TIME = 2, 3, 30, 31, 64
_FIRST_SET_AT = 44
_UTF8 = 65001
_TICKS_FROM = datetime(1601, 1, 1, tzinfo=UTC)

Value = int | str | datetime


def properties(data: bytes) -> dict[int, Value]:
    """The first set of properties by their numbers, times in UTC; damaged ones are left out."""
    with suppress(struct.error):
        (start,) = struct.unpack_from("<I", data, _FIRST_SET_AT)
        (count,) = struct.unpack_from("<I", data, start + 4)
        table = data[start + 8 : start + 8 + 8 * min(count, MOST)]
        places = {number: start + offset for number, offset in struct.iter_unpack("<II", table)}
        codepage = _value(data, places[CODE_PAGE], "ascii") if CODE_PAGE in places else None
        encoding = encoding_of(codepage)
        values = {number: _value(data, at, encoding) for number, at in places.items()}
        return {number: value for number, value in values.items() if value is not None}
    return {}


def encoding_of(codepage: Value | None) -> str:
    """The encoding of a code page; that of western Windows where there is none."""
    # They are signed numbers of 16 bits in the file.
    number = codepage & 0xFFFF if isinstance(codepage, int) else 1252
    try:
        return codecs.lookup("utf-8" if number == _UTF8 else f"cp{number}").name
    except LookupError:
        return "cp1252"


def _value(data: bytes, at: int, encoding: str) -> Value | None:
    with suppress(struct.error, OverflowError):
        (kind,) = struct.unpack_from("<I", data, at)
        if kind in (_SHORT, _LONG):
            (number,) = struct.unpack_from("<h" if kind == _SHORT else "<i", data, at + 4)
            return int(number)
        if kind == _TIME:
            (ticks,) = struct.unpack_from("<Q", data, at + 4)
            return _TICKS_FROM + timedelta(microseconds=ticks // 10)
        if kind in (_TEXT, _WIDE_TEXT):
            (size,) = struct.unpack_from("<I", data, at + 4)
            size = min(size if kind == _TEXT else 2 * size, MOST_TEXT_BYTES)
            text = data[at + 8 : at + 8 + size]
            spelt = text.decode(encoding if kind == _TEXT else "utf-16-le", "replace")
            return spelt.replace("\0", "")
    return None
