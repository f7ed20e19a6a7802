"""Reads what a note says of itself before its text: front matter in the plainest of YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.readers.metadata import dates
from engine.readings import Details

_BLOCK = re.compile(r"---[ \t]*\n(.{0,20000}?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(\w[\w -]{0,40}?)[ \t]*:[ \t]*(.*)((?:\n[ \t]*-[ \t].*)*)", re.MULTILINE)
_LIST = re.compile(r"\[(.*)\]")
_ITEM = re.compile(r"^[ \t]*-[ \t]+(.+)$", re.MULTILINE)


def details(text: str) -> Details:
    """The title, author, date, description and tags before a note's text, as far as there are."""
    block = _BLOCK.match(text)
    entries = {
        name.lower(): (value.strip(), items)
        for name, value, items in _ENTRY.findall(block[1] if block else "")
    }

    def said(*names: str) -> str | None:
        values = (_plain(entries[name][0]) for name in names if name in entries)
        return next(filter(None, values), None)

    tags = (tag for name in ("tags", "keywords") if name in entries for tag in _all(*entries[name]))
    return Details(
        title=said("title"),
        author=said("author"),
        caption=said("description", "summary"),
        keywords=tuple(dict.fromkeys(tags)),
        taken_at=dates.written(said("date", "created") or ""),
    )


def _all(value: str, items: str) -> Iterable[str]:
    """The items of a list in brackets, with commas or on lines of their own."""
    inline = _LIST.fullmatch(value)
    found = (inline[1] if inline else value).split(",") + _ITEM.findall(items)
    return filter(None, (_plain(item).lstrip("#") for item in found))


def _plain(value: str) -> str:
    """A value without its quotes."""
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
