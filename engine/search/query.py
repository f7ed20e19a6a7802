"""The language of the search field: words, "exact words", -without and filters: `type:photo`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from unicodedata import category

from engine.readings import Kind
from engine.search_records import Filters, Measure, Query, Range
from engine.store import fulltext

_TOKEN = re.compile(
    r'(?P<minus>(?<!\S)-(?=["\w]))?(?:(?P<key>[a-z]+)[:\uff1a])?'  # and that of Chinese keyboards
    r'(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))',
    re.IGNORECASE,
)
_KINDS = {
    "photo": Kind.PHOTO,
    "photos": Kind.PHOTO,
    "image": Kind.PHOTO,
    "document": Kind.DOCUMENT,
    "documents": Kind.DOCUMENT,
    "text": Kind.DOCUMENT,
    "video": Kind.VIDEO,
    "videos": Kind.VIDEO,
    "archive": Kind.ARCHIVE,
    "archives": Kind.ARCHIVE,
}
_SAID = {
    "in": "folder_words",
    "camera": "cameras",
    "lens": "cameras",
    "place": "places",
    "tag": "tags",
    "by": "authors",
}
_MEASURES = {measure.value: measure for measure in Measure}
_RANGE = re.compile(r"(?P<least>\d{1,9})?(?:(?P<to>-)(?P<most>\d{1,9})?)?$")
_DATE = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?$")


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query taken apart: `words` carry meaning, those of phrases too; those left out do not.

    Where they are but signs and words as common as “the”, there are none. `no_filters` look like
    filters and are none, so that they are words too.
    """

    words: str
    filters: Filters
    no_filters: tuple[str, ...] = ()


def parse(query: Query) -> ParsedQuery:
    """Takes a query's text apart. What is no filter is words: a search never fails on syntax.

    Filters: `type:photo|document|video|archive`, `in:WORD` (in a folder's name), `ext:jpg`,
    `after:` and `before:` a year, month or day; `after:2023` begins with 2023 and `before:2024`
    ends with 2023; `camera:`, `lens:`, `place:`, `tag:` and `by:` (an author) what files say of
    themselves; `lang:de`; `iso:`, `width:`, `height:` and `pages:` a number or numbers such as
    `800-3200`, `800-` or `-400`; `rating:4` at least four stars. `-WORD` and `-"exact words"` leave
    out what has them, and `-` before a filter what satisfies it.
    """
    filters = Filters(kind=query.kind, folder_id=query.folder_id)
    words: list[str] = []
    phrases: list[str] = []
    without: list[str] = []
    no_filters: list[str] = []
    # Bytes of no encoding, as a command line may hold, stand for no word.
    text = fulltext.composed(query.text.encode("utf-8", errors="replace").decode())
    for token in _TOKEN.finditer(text):
        key, quoted, bare = token["key"], token["quoted"], token["bare"]
        value = quoted if quoted is not None else bare
        wanted = filters if not token["minus"] else Filters()
        filtered = _filtered(wanted, key.lower(), value) if key else None
        if _looks_like_filter(key, value) and filtered is None:
            no_filters.append(token[0])
        if filtered is not None and token["minus"]:
            filters = replace(filters, excluding=(*filters.excluding, filtered))
        elif filtered is not None:
            filters = filtered
        elif token["minus"]:
            unwanted = token[0][1:] if key else value
            without += [unwanted] if fulltext.words_of(unwanted) else []
        elif quoted is not None and key is None:
            words.append(quoted)
            if quoted.strip():
                phrases.append(quoted)
        else:
            words.append(token[0])
    filters = replace(filters, phrases=tuple(phrases), without=tuple(without))
    asked = " ".join(words).strip()
    return ParsedQuery(asked if _tell_apart(asked) else "", filters, tuple(no_filters))


def _tell_apart(words: str) -> bool:
    """Whether `words` tell files apart. Signs and common words do not; models know some emoji."""
    return bool(fulltext.words_of(words)) or any(category(c) == "So" for c in words)


def _looks_like_filter(key: str | None, value: str) -> bool:
    """Whether it is a word, a colon and a value; `https://…` and `C:\\…` are places."""
    return key is not None and len(key) > 1 and not value.startswith("//")


def _filtered(filters: Filters, key: str, value: str) -> Filters | None:
    """`filters` with one more, or None where `key` and `value` are none."""
    changed: dict[str, Any] = {}
    if key == "type" and value.lower() in _KINDS:
        changed["kind"] = _KINDS[value.lower()]
    elif key in _SAID and value:
        changed[_SAID[key]] = (*getattr(filters, _SAID[key]), value)
    elif key == "ext" and value:
        extensions = (part.lower().lstrip(".") for part in value.split(",") if part)
        changed["extensions"] = tuple(extensions)
    elif key == "lang" and value:
        changed["languages"] = tuple(part.lower() for part in value.split(",") if part)
    elif key in _MEASURES and (numbers := _range(_MEASURES[key], value)):
        changed["ranges"] = (*filters.ranges, numbers)
    elif key in {"after", "before"}:
        changed[key] = _date(value)
    return replace(filters, **changed) if any(changed.values()) else None


def _range(measure: Measure, text: str) -> Range | None:
    match = _RANGE.match(text)
    if match is None or not (match["least"] or match["most"]):
        return None
    least, most = (int(match[end]) if match[end] else None for end in ("least", "most"))
    if most is None and not match["to"] and measure is not Measure.RATING:
        most = least
    return Range(measure, least, most)


def _date(text: str) -> date | None:
    match = _DATE.match(text)
    if match is None:
        return None
    try:
        return date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    except ValueError:
        return None
