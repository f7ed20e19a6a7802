"""Reads Word documents from before 2007 (DOC): their text, notes, headers, comments and boxes.

[MS-DOC] says where the text stands: 2.4.1 (Retrieving Text), 2.5 (the FIB) and 2.9.38 (the Clx).
Of Word 6 and 95 come documents that hold their text in one piece. Pages of HTML that programs
name DOC, so that Word opens them, are read as pages.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.readers.packages import documents, ole
from engine.readers.texts import encodings, markup
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, PixelSpec, Reading, SkipReason

if TYPE_CHECKING:
    from olefile import OleFileIO

MOST_CHARACTERS = 4 << 20
"""Of a longer document, the beginning is read."""
MOST_PIECES = 500_000
MOST_NESTED = 20
"""Of fields within fields; the codes of deeper ones are read as text."""
MOST_PAGE_BYTES = 32 << 20

_STREAM = "WordDocument"
_IDENTS = (0xA5EC, 0xA5DC)
_FIRST_IN_PIECES = 0xC0
"""The version of the FIB since which the text lies in pieces; Word 97 writes the one after it."""
_FAST_SAVED, _ENCRYPTED, _SECOND_TABLE = 0x4, 0x100, 0x200
_FIB_SHORTS_AT, _CLX_PAIR = 32, 33
_PROPERTIES, _PIECES = 1, 2
_EIGHT_BIT, _PLACE = 0x4000_0000, 0x3FFF_FFFF
_STORIES = ("", "Footnotes", "Headers", "Comments", "Endnotes", "", "Headers")
"""The sections of a document's texts, in the order in which they lie: those without are its own
and that of its boxes; the last are the boxes in headers."""

_FIELD = re.compile("\x13[^\x13-\x15]*+(?:\x14([^\x13\x15]*+))?\x15")
"""A field without another in it: its code, then, after a mark, what it shows."""
_ROW_END = re.compile("\x07{2,}")
_MARKS = {
    **dict.fromkeys(range(0x20)),
    **{0x07: "\t", 0x09: "\t", 0x1E: "-"},
    **dict.fromkeys((0x0A, 0x0B, 0x0C, 0x0D, 0x0E), "\n"),
}
"""What the marks of cells, tabs, hyphens, lines, pages, paragraphs and columns become."""
_PAGE = re.compile(rb"\W{0,8}(<\?xml[^>]*>\s*)?<(!doctype )?html\b", re.IGNORECASE)


def read(path: Path, _spec: PixelSpec) -> Reading:
    """The passages of a document and its details."""
    with path.open("rb") as file:
        if _PAGE.match(file.read(HEAD_BYTES)):
            file.seek(0)
            return _page(file.read(MOST_PAGE_BYTES))
    with ole.document(path, _STREAM) as container:
        return documents.reading(_parts(container), ole.details(container))


FAMILY = Family(
    name="older word",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".doc", ".dot")),
    decoders=(
        "charset_normalizer",
        "engine.readers.texts.passages",
        "olefile",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    signatures=({0: ole.SIGNATURE},),
    probe=lambda path: ole.has_stream(path, _STREAM),
    read=read,
)


def _page(data: bytes) -> Reading:
    html = encodings.decoded(data, markup.declared_charset(data))
    if html is None:
        raise documents.damaged()
    title, text = markup.title_and_text(html)
    return documents.reading([Part(text)], Details(title=title))


def _parts(container: OleFileIO) -> Iterator[Part]:
    main = ole.stream(container, _STREAM)
    ident, version = struct.unpack_from("<HH", main)
    (flags,) = struct.unpack_from("<H", main, 10)
    if ident not in _IDENTS:
        raise documents.damaged()
    if flags & _ENCRYPTED:
        raise documents.encrypted()
    if version < _FIRST_IN_PIECES:
        yield Part(_shown(_whole(main, flags).decode(ole.text_encoding(container), "replace")))
        return
    table = ole.stream(container, "1Table" if flags & _SECOND_TABLE else "0Table")
    lengths, clx = _fib(main, table)
    characters = _characters(main, clx)
    start = 0
    for length, section in zip(lengths, _STORIES, strict=True):
        story = characters[2 * start : 2 * (start + length)]
        yield Part(_shown(story.decode("utf-16-le", "replace")), section=section)
        start += length


def _whole(main: bytes, flags: int) -> bytes:
    """The text of a document of Word 6 or 95."""
    if flags & _FAST_SAVED:
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            "Word 6 or 95 saved the document with “fast saves”, which Keepsight does not read. "
            "Open it in an office program and save it as DOCX or ODT.",
        )
    start, end = struct.unpack_from("<II", main, 24)
    if not start <= end <= len(main):
        raise documents.damaged()
    return main[start : min(end, start + MOST_CHARACTERS)]


def _fib(main: bytes, table: bytes) -> tuple[tuple[int, ...], bytes]:
    """The lengths of the texts in characters, and the table of their pieces."""
    longs = _FIB_SHORTS_AT + 2 + 2 * _number(main, _FIB_SHORTS_AT, "<H") + 2
    pairs = longs + 4 * _number(main, longs - 2, "<H") + 2
    start, size = struct.unpack_from("<II", main, pairs + 8 * _CLX_PAIR)
    return struct.unpack_from("<3I4x4I", main, longs + 12), table[start : start + size]


def _characters(main: bytes, clx: bytes) -> bytes:
    """The text as UTF-16: lengths count its units, of which some characters have two."""
    texts: list[bytes] = []
    left = MOST_CHARACTERS
    for length, place in _pieces(clx):
        count = min(length, left)
        left -= count
        is_narrow = bool(place & _EIGHT_BIT)
        start = (place & _PLACE) // 2 if is_narrow else place & _PLACE
        size = count if is_narrow else 2 * count
        data = main[start : start + size]
        if len(data) < size:
            raise documents.damaged()
        texts.append(data.decode("cp1252", "replace").encode("utf-16-le") if is_narrow else data)
    return b"".join(texts)


def _pieces(clx: bytes) -> Iterator[tuple[int, int]]:
    """Of each piece its length in characters, and where it stands and how."""
    at = 0
    while clx[at] == _PROPERTIES:
        at += 3 + _number(clx, at + 1, "<H")
    if clx[at] != _PIECES:
        raise documents.damaged()
    count = (_number(clx, at + 1, "<I") - 4) // 12
    starts = struct.unpack_from(f"<{min(count, MOST_PIECES) + 1}I", clx, at + 5)
    places = at + 5 + 4 * (count + 1)
    for piece, (start, end) in enumerate(pairwise(starts)):
        if end < start:
            raise documents.damaged()
        yield end - start, _number(clx, places + 8 * piece + 2, "<I")


def _shown(text: str) -> str:
    """The text as a person sees it: fields by their results, marks as white space."""
    for _ in range(MOST_NESTED):
        text, count = _FIELD.subn(r"\1", text)
        if not count:
            break
    return _ROW_END.sub("\n", text).translate(_MARKS)


def _number(data: bytes, at: int, form: str) -> int:
    (number,) = struct.unpack_from(form, data, at)
    return int(number)
