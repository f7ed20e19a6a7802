"""Makes clean words of what cameras and programs write into metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_CHARS = 10_000
MOST_KEYWORDS = 500
"""People write dozens; a hostile file may write millions."""

_CAMERAS_OWN = re.compile(
    r"[\w ]*digital (still )?camera|sony dsc|exif[_ -]jpeg[_ -]picture|dcim\W.*|my awesome photo"
    r"|default|untitled|binary comment|user comments|screenshot|none|charset=.*",
    re.IGNORECASE,
)
"""Captions that nobody wrote: cameras put them into every photo."""


def words(value: object) -> str:
    """A text on one line; empty where there is none."""
    return " ".join(_printable(value).split())


def lines(value: object) -> str:
    """A text that keeps its lines."""
    return "\n".join(" ".join(line.split()) for line in _printable(value).splitlines()).strip()


def caption(*candidates: object) -> str | None:
    """The first that somebody wrote, or None."""
    for candidate in candidates:
        text = lines(candidate)
        if text and not _CAMERAS_OWN.fullmatch(text) and any(c.isalnum() for c in text):
            return text
    return None


def keywords(candidates: Iterable[object]) -> tuple[str, ...]:
    """The candidates without the empty and the repeated, in order."""
    found: dict[str, str] = {}
    for candidate in candidates:
        word = words(candidate)
        if word and len(found) < MOST_KEYWORDS:
            found.setdefault(word.casefold(), word)
    return tuple(found.values())


def camera(make: object, model: object) -> str | None:
    """Make and model, the make once: `Canon EOS 40D`, `Google Pixel 8`."""
    maker, name = words(make), words(model)
    if name and name.casefold().startswith(maker.split(" ")[0].casefold()):
        return name
    return f"{maker} {name}".strip() or None


def _printable(value: object) -> str:
    if isinstance(value, bytes):
        value = decoded(value)
    text = value.split("\0")[0][:MOST_CHARS] if isinstance(value, str) else ""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def decoded(value: bytes) -> str:
    """UTF-8 where it is that, else Latin-1, which old cameras and programs write."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
