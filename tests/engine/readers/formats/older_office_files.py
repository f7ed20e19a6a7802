"""Writes small documents and presentations as programs before 2007 did."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from tests.engine.readers.formats.compound_file import Tree, compound_file

WIDE, NARROW = "utf-16-le", "cp1252"
ENCRYPTED, FAST_SAVED = 0x100, 0x4

_TEXT_AT = 1024
_SECOND_TABLE = 0x200


def doc(
    path: Path,
    *pieces: tuple[str, str],
    lengths: Sequence[int] = (),
    flags: int = _SECOND_TABLE,
    version: int = 0xC1,
    starts: Sequence[int] = (),
    **streams: bytes | Tree,
) -> Path:
    """A document of Word 97 made of pieces: each a text and the encoding in which it lies.

    `lengths` are those of its stories; without, all is in the first. `starts` are where the pieces
    are said to begin and end, in characters, if not where they do.
    """
    text, table, size = b"", b"", 0
    sizes = [len(words.encode(WIDE)) // 2 for words, _ in pieces]
    for words, encoding in pieces:
        data = words.encode(encoding)
        at = _TEXT_AT + len(text)
        place = at if encoding == WIDE else 0x4000_0000 | at * 2
        table += struct.pack("<HIH", 0, place, 0)
        text += data
        size += len(data)
    limits = starts or [0, *accumulate(sizes)]
    pieces_table = struct.pack(f"<{len(limits)}I", *limits) + table
    clx = b"\1\3\0abc\2" + struct.pack("<I", len(pieces_table)) + pieces_table
    main, *aside = [*lengths, *[0] * 7][:7] if lengths else [sum(sizes), *[0] * 6]
    fib = struct.pack("<HH6xH12xII", 0xA5EC, version, flags, _TEXT_AT, _TEXT_AT + size)
    fib += struct.pack("<H28x", 14)
    fib += struct.pack("<H12x3I4x4I44x", 22, main, *aside)
    fib += struct.pack("<H264xII", 93, 10, len(clx))
    name = "1Table" if flags & _SECOND_TABLE else "0Table"
    tree: Tree = {"WordDocument": fib.ljust(_TEXT_AT, b"\0") + text, name: b"-" * 10 + clx}
    path.write_bytes(compound_file(tree | streams))
    return path


def doc95(path: Path, text: bytes, *, flags: int = 0, **streams: bytes | Tree) -> Path:
    """A document of Word 95, with its text in one stretch."""
    fib = struct.pack("<HH6xH12xII", 0xA5DC, 104, flags, _TEXT_AT, _TEXT_AT + len(text))
    tree: Tree = {"WordDocument": fib.ljust(_TEXT_AT, b"\0") + text}
    path.write_bytes(compound_file(tree | streams))
    return path


def property_set(*values: tuple[int, int, bytes]) -> bytes:
    """A stream of properties, each with its number, its type and its bytes."""
    table, contents = b"", b""
    for number, kind, data in values:
        table += struct.pack("<II", number, 8 + 8 * len(values) + len(contents))
        contents += struct.pack("<I", kind) + data.ljust(-(-len(data) // 4) * 4, b"\0")
    head = struct.pack("<II", 8 + len(table) + len(contents), len(values))
    return struct.pack("<HHI16xI16xI", 0xFFFE, 0, 0, 1, 48) + head + table + contents


def property_text(text: bytes) -> bytes:
    """What a property of text holds."""
    return struct.pack("<I", len(text) + 1) + text + b"\0"


def summary(title: bytes, codepage: int) -> bytes:
    """The stream of a document's properties, with a title in a code page."""
    return property_set((1, 2, struct.pack("<H", codepage)), (2, 30, property_text(title)))


def record(kind: int, *inside: bytes, instance: int = 0, is_container: bool = True) -> bytes:
    """A record of a presentation."""
    data = b"".join(inside)
    return struct.pack("<HHI", instance << 4 | 0xF * is_container, kind, len(data)) + data


def atom(kind: int, data: bytes, instance: int = 0) -> bytes:
    """A record that holds no records."""
    return record(kind, data, instance=instance, is_container=False)


def words(text: str) -> bytes:
    """A text as sixteen bits a character."""
    return atom(0xFA0, text.encode("utf-16-le"))


def narrow(text: str) -> bytes:
    """A text as eight bits a character."""
    return atom(0xFA8, text.encode("latin-1"))


def string(text: str, instance: int = 0) -> bytes:
    """A name or a short text."""
    return atom(0xFBA, text.encode("utf-16-le"), instance)


def box(*inside: bytes) -> bytes:
    """A drawing with a text box."""
    drawing = 0x40C, 0xF002, 0xF003, 0xF004, 0xF00D
    data = b"".join(inside)
    for kind in reversed(drawing):
        data = record(kind, data)
    return data


def slide(*inside: bytes, notes_id: int = 0) -> bytes:
    """A slide, which may name a page of notes."""
    return record(0x3EE, atom(0x3EF, struct.pack("<16xII", notes_id, 0)), *inside)


def notes(*inside: bytes) -> bytes:
    """A page of notes."""
    return record(0x3F0, atom(0x3F1, bytes(8)), *inside)


def listed(number: int, own_id: int, *outline: bytes) -> bytes:
    """A slide, or a page of notes, in a list, with the texts of its outline."""
    return atom(0x3F3, struct.pack("<IIIII", number, 0, 0, own_id, 0)) + b"".join(outline)


def document(slides: Sequence[bytes], pages: Sequence[bytes] = ()) -> bytes:
    """The document's container, with its lists of masters, slides and notes."""
    masters = record(0xFF0, listed(99, 0, narrow("Click to edit")), instance=1)
    lists = record(0xFF0, *slides), record(0xFF0, *pages, instance=2)
    return record(0x3E8, atom(0x3E9, bytes(40)), masters, *lists)


class Saves:
    """The stream of a presentation: each save appends the parts that it changed."""

    def __init__(self) -> None:
        self.data = b""
        self.last_edit = 0

    def save(self, parts: dict[int, bytes], *, before: int | None = None, more: bytes = b"") -> int:
        """Appends parts by their numbers, of which 1 is the document; the place of the edit."""
        entries = b""
        for number, part in parts.items():
            entries += struct.pack("<II", 1 << 20 | number, len(self.data))
            self.data += part
        directory = len(self.data)
        self.data += atom(0x1772, entries)
        last = self.last_edit if before is None else before
        self.last_edit = len(self.data)
        self.data += atom(0xFF5, struct.pack("<IIIIIII", 0, 0, last, directory, 1, 9, 0) + more)
        return self.last_edit


def ppt(path: Path, saves: Saves, *, token: int = 0xE391C05F, **streams: bytes | Tree) -> Path:
    """The presentation that was saved."""
    user = atom(0xFF6, struct.pack("<IIIHHI", 20, token, saves.last_edit, 0, 0x3F4, 3))
    tree: Tree = {"Current User": user, "PowerPoint Document": saves.data}
    path.write_bytes(compound_file(tree | streams))
    return path


def simple_ppt(path: Path, *slides: bytes) -> Path:
    """A presentation of these slides, without outline, saved once."""
    saves = Saves()
    numbers = range(2, 2 + len(slides))
    parts = dict(zip(numbers, slides, strict=True))
    saves.save({1: document([listed(number, number) for number in numbers]), **parts})
    return ppt(path, saves)
