"""Undoes how data, calendars, address cards, subtitles and notebooks write what they say."""

from __future__ import annotations

import json
import quopri
import re
from typing import Any

from engine.readers.texts import encodings

_IN_JSON = re.compile(r"\\(?:u([0-9A-Fa-f]{4}(?:\\u[0-9A-Fa-f]{4})*)|([\"\\/bfnrt]))")
_JSON_CHARACTERS = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}
# Address cards of older phones (vCard 2.1), whose lines go on behind a "=" at their end.
_QUOTED_PRINTABLE = re.compile(
    r"^([^:\n]*;[ \t]*(?:ENCODING=)?QUOTED-PRINTABLE[^:\n]*:)((?:.*=\n)*.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_CHARSET = re.compile(r"CHARSET=([\w.:-]+)", re.IGNORECASE)
_FOLD = re.compile(r"\n[ \t]")
# When words are shown (SRT, WebVTT), behind a number or a name that counts them, and in what style.
_SHOWN_AT = re.compile(
    r"^(?:WEBVTT.*\n+)?(?:[^\n<>]{0,80}\n)?(?:\d+:)?\d\d:\d\d[.,]\d{3} --> .*$\n?", re.MULTILINE
)
_STYLE = re.compile(r"</?[a-z][^<>\n]{0,80}>|\{\\[^{}\n]{0,80}\}", re.IGNORECASE)
_IN_CARDS = re.compile(r"\\([nN,;:\\])")


def of_json(text: str) -> str:
    """JSON with the characters that its escapes stand for, as people would search for them."""
    return _IN_JSON.sub(_json_character, text)


def of_cards(text: str) -> str:
    """A calendar or address cards in whole lines (RFC 5545, RFC 6350; vCard 2.1)."""
    text = _FOLD.sub("", _QUOTED_PRINTABLE.sub(_quoted_printable, text))
    return _IN_CARDS.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def of_subtitles(text: str) -> str:
    """What is said in a film, without when and how it is shown."""
    return _STYLE.sub("", _SHOWN_AT.sub("", text))


def of_notebook(text: str) -> str | None:
    """What the cells of a Jupyter notebook say and print, or None where it is none (nbformat 4)."""
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return None
    texts = (text for cell in cells if isinstance(cell, dict) for text in _texts_of_cell(cell))
    return "\n\n".join(filter(None, map(str.strip, texts)))


def _texts_of_cell(cell: dict[str, Any]) -> list[str]:
    outputs = cell.get("outputs")
    outputs = outputs if isinstance(outputs, list) else []
    printed = (_printed(output) for output in outputs if isinstance(output, dict))
    return [_joined(cell.get("source")), *printed]


def _printed(output: dict[str, Any]) -> str:
    data = output.get("data")
    plain = data.get("text/plain") if isinstance(data, dict) else None
    return _joined(output.get("text", plain))


def _joined(lines: object) -> str:
    """Text as notebooks have it, whole or in lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""


def _json_character(found: re.Match[str]) -> str:
    if found[1] is None:
        return _JSON_CHARACTERS.get(found[2], found[2])
    units = bytes.fromhex(found[1].replace("\\u", ""))
    # Characters beyond the first 65,536 are written as two.
    return units.decode("utf-16-be", "replace").replace("\0", " ")


def _quoted_printable(found: re.Match[str]) -> str:
    data = quopri.decodestring(found[2].encode("utf-8", "replace"))
    charset = _CHARSET.search(found[1])
    text = encodings.decoded(data, charset[1] if charset else None)
    return found[1] + (data.decode("latin-1") if text is None else text).replace("\r\n", "\n")
