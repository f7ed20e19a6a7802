"""Writes compound files (MS-CFB) for tests: no free library does."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_END, _FREE, _FAT, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_STORAGE, _STREAM, _ROOT = 1, 2, 5
_SHORT_BYTES = 4096

Tree = dict[str, "bytes | Tree"]


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    child: int = _NONE
    sibling: int = _NONE
    start: int = _END

    def packed(self) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        return (
            name.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(name), self.kind, 1, _NONE, self.sibling, self.child)
            + bytes(36)
            + struct.pack("<IQ", self.start, len(self.data))
        )


class _Sectors:
    """Data cut into sectors, each of which names the next."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.data = b""
        self.following: list[int] = []

    def stored(self, data: bytes) -> int:
        """The first sector of what was stored."""
        if not data:
            return _END
        first = len(self.following)
        count = -(-len(data) // self.size_bytes)
        self.data += data.ljust(count * self.size_bytes, b"\0")
        self.following += [*range(first + 1, first + count), _END]
        return first

    def table(self) -> bytes:
        return struct.pack(f"<{len(self.following)}I", *self.following)


def compound_file(tree: Tree) -> bytes:
    """The file that holds these streams (bytes) and storages (trees)."""
    entries = [_Entry("Root Entry", _ROOT)]
    _add(entries, 0, tree)
    sectors, short = _Sectors(512), _Sectors(64)
    for entry in entries:
        entry.start = (short if len(entry.data) < _SHORT_BYTES else sectors).stored(entry.data)
    entries[0].data = short.data
    entries[0].start = sectors.stored(short.data)
    short_table = short.table()
    short_start = sectors.stored(short_table + b"\xff" * (-len(short_table) % 512))
    folder = sectors.stored(b"".join(entry.packed() for entry in entries))
    fat = len(sectors.following)
    count = next(n for n in range(1, 109) if (fat + n) * 4 <= n * 512)
    sectors.following += [_FAT] * count
    sectors.following += [_FREE] * (count * 128 - len(sectors.following))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIII", 0, count, folder, 0, _SHORT_BYTES)
        + struct.pack("<IIII", short_start, -(-len(short_table) // 512), _END, 0)
        + struct.pack("<109I", *range(fat, fat + count), *[_FREE] * (109 - count))
    )
    return header + sectors.data + sectors.table()


def _add(entries: list[_Entry], parent: int, tree: Tree) -> None:
    before = None
    for name, content in tree.items():
        number = len(entries)
        if isinstance(content, bytes):
            entries.append(_Entry(name, _STREAM, content))
        else:
            entries.append(_Entry(name, _STORAGE))
            _add(entries, number, content)
        if before is None:
            entries[parent].child = number
        else:
            entries[before].sibling = number
        before = number
