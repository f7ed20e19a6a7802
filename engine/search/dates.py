"""Dates as people write them: `2024-04-13`, `13 April 2024`, `May 2007`, `2007年5月`, `2024`."""

from __future__ import annotations

import re
from datetime import date, timedelta

_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_MONTHS = {short: number for number, name in enumerate(_NAMES, 1) for short in (name, name[:3])}
_YEAR, _DAY = r"(?P<year>\d{4})", r"(?P<day>\d{1,2})"
_NAME = r"(?P<name>[a-z]{3,9})\.?"
# Those of which it is not known whether the day or the month comes first are none.
_WRITTEN = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}(?:(?P<sign>[-/.])(?P<month>\d{{1,2}})(?:(?P=sign){_DAY})?)?",
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)",
        rf"{_YEAR} ?年(?: ?(?P<month>\d{{1,2}}) ?月(?: ?{_DAY} ?[日号號])?)?",
        rf"(?:{_DAY}(?:st|nd|rd|th|\.)? )?{_NAME},? {_YEAR}",
        rf"{_NAME} {_DAY}(?:st|nd|rd|th)?,? {_YEAR}",
    )
)


def span_of(words: str) -> tuple[date, date] | None:
    """The first day of the year, month or day that `words` are, and that of the next.

    None where they are no date, or more than one.
    """
    text = " ".join(words.lower().split())
    for written in _WRITTEN:
        if match := written.fullmatch(text):
            told = match.groupdict()
            try:
                month = _MONTHS[told["name"]] if "name" in told else int(told.get("month") or 0)
                return _span(int(told["year"]), month, int(told.get("day") or 0))
            except (KeyError, ValueError, OverflowError):
                return None
    return None


def _span(year: int, month: int, day: int) -> tuple[date, date]:
    if day:
        first = date(year, month, day)
        return first, first + timedelta(days=1)
    if month:
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    return date(year, 1, 1), date(year + 1, 1, 1)
