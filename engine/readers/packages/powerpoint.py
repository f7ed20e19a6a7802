"""Finds the records of a presentation from before 2007, and which of them are current.

[MS-PPT] 2.1.2 and 2.3: a file grows with each edit, the last of which says where the parts that it
changed begin; where the others do, the edits before it say.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from engine.readers.packages import documents, ole

if TYPE_CHECKING:
    from olefile import OleFileIO

STREAM = "PowerPoint Document"
WIDE_TEXT, NARROW_TEXT, STRING = 0x0FA0, 0x0FA8, 0x0FBA
MOST_STEPS = 2_000_000
"""Records that are looked at and characters that are read: of more, the beginning is read."""

_PLAIN, _ENCRYPTED = 0xE391_C05F, 0xF3D1_C4DF
_USER_EDIT, _DIRECTORY, _DOCUMENT = 0x0FF5, 0x1772, 0x03E8
_IS_CONTAINER = 0xF
_HEADER_BYTES = 8
_PLAIN_EDIT_BYTES = 28
_MARKS = {**dict.fromkeys(range(0x20)), 0x09: "\t", **dict.fromkeys((0x0A, 0x0B, 0x0D), "\n")}
"""What the marks of tabs, lines and paragraphs become."""


class Record(NamedTuple):
    """A record, or a container of records: what it is, and where its contents begin and end."""

    kind: int
    instance: int
    is_container: bool
    start: int
    end: int


class Records:
    """The records of a presentation.

    What is damaged raises NotReadableError, struct.error or KeyError.
    """

    def __init__(self, container: OleFileIO) -> None:
        self._data = ole.stream(container, STREAM)
        self._left = MOST_STEPS
        self._places: dict[int, int] = {}
        user = ole.stream(container, "Current User")
        token, last_edit = struct.unpack_from("<II", user, _HEADER_BYTES + 4)
        if token == _ENCRYPTED:
            raise documents.encrypted()
        if token != _PLAIN:
            raise documents.damaged()
        self._document = self._follow(last_edit)

    def document(self) -> Record:
        """The container of the document, which lists its slides."""
        return self.part(self._document, _DOCUMENT)

    def part(self, number: int, kind: int) -> Record:
        """The current container of a number, as other records name it, and of a kind."""
        return self._of_kind(self._record(self._places[number], len(self._data)), kind)

    def inside(self, within: Record, *, to_the_leaves: bool = False) -> Iterator[Record]:
        """The records in a container, or all at any depth: a container, then what is in it."""
        at = within.start
        while at + _HEADER_BYTES <= within.end and self._left > 0:
            self._left -= 1
            record = self._record(at, within.end)
            yield record
            at = record.start if to_the_leaves and record.is_container else record.end

    def text(self, record: Record) -> str:
        """The text in a record; nothing where it is of a kind that has none."""
        if record.kind not in (WIDE_TEXT, NARROW_TEXT, STRING):
            return ""
        end = min(record.end, record.start + 2 * max(self._left, 0))
        encoding = "latin-1" if record.kind == NARROW_TEXT else "utf-16-le"
        text = self._data[record.start : end].decode(encoding, "replace")
        self._left -= len(text)
        return text.translate(_MARKS).strip()

    def number(self, record: Record, offset: int = 0) -> int:
        """The number of four bytes at an offset in a record."""
        if record.start + offset + 4 > record.end:
            raise documents.damaged()
        return self._number(record.start + offset)

    def _follow(self, edit: int) -> int:
        """Takes in where the parts begin, by the last edit and those before; the document's number.

        What came before lies before: so edits never lead back to themselves.
        """
        document: int | None = None
        while True:
            atom = self._of_kind(self._record(edit, len(self._data)), _USER_EDIT)
            before, directory = self.number(atom, 8), self.number(atom, 12)
            if atom.end - atom.start > _PLAIN_EDIT_BYTES and self.number(atom, _PLAIN_EDIT_BYTES):
                raise documents.encrypted()
            if not before < directory < edit:
                raise documents.damaged()
            self._take_in(self._of_kind(self._record(directory, edit), _DIRECTORY))
            document = self.number(atom, 16) if document is None else document
            if not before:
                return document
            edit = before

    def _take_in(self, directory: Record) -> None:
        at = directory.start
        while at < directory.end:
            head = self._number(at)
            first, count = head & 0xF_FFFF, head >> 20
            places = struct.unpack_from(f"<{count}I", self._data, at + 4)
            for number, place in enumerate(places, first):
                self._places.setdefault(number, place)
            at += 4 + 4 * count

    def _record(self, at: int, most: int) -> Record:
        version, kind, size = struct.unpack_from("<HHI", self._data, at)
        start = at + _HEADER_BYTES
        if start + size > most:
            raise documents.damaged()
        return Record(kind, version >> 4, version & 0xF == _IS_CONTAINER, start, start + size)

    def _of_kind(self, record: Record, kind: int) -> Record:
        if record.kind != kind:
            raise documents.damaged()
        return record

    def _number(self, at: int) -> int:
        (number,) = struct.unpack_from("<I", self._data, at)
        return int(number)
