"""Sizes, dates, counts and durations as people read them."""

from __future__ import annotations

from datetime import datetime

_SIZES = ("bytes", "KB", "MB", "GB", "TB")


def size(size_bytes: int) -> str:
    """A size in decimal units."""
    value, unit = float(size_bytes), 0
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_SIZES[unit]}" if unit < 2 else f"{value:.1f} {_SIZES[unit]}"


def count(number: int, one: str, many: str) -> str:
    """A number of things."""
    return f"{number:,} {one if number == 1 else many}"


def duration(seconds: float) -> str:
    """About how long, in words."""
    if seconds < 60:
        return "less than a minute"
    if seconds < 90 * 60:
        return count(round(seconds / 60), "minute", "minutes")
    return count(round(seconds / 3600), "hour", "hours")


def clock(seconds: float) -> str:
    """A moment of a video: 0:07, 12:30, 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def date(moment: datetime) -> str:
    """A day and a time."""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def month(moment: datetime) -> str:
    """A month, as a heading."""
    return f"{moment:%B %Y}"
