"""Reads ZIP archives: the files inside, each as a file of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.readers import faults
from engine.readers.family import Family, MemberFile, NotReadableError
from engine.readings import Kind, PixelSpec, ReadFailure, Reading, SkipReason

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

MOST_LISTED_BYTES = 16 << 20
"""A table of contents larger than this is not read: it is that of some 200,000 files."""

_SIGNATURE = b"PK\3\4"
_END = b"PK\5\6"
_END_BYTES = 22
_LONGEST_COMMENT = 1 << 16
_OF_OTHERS = (
    *(b"[Content_Types].xml", b"META-INF/", b"AndroidManifest.xml"),
    *(b"Index/Document.iwa", b"buildVersionHistory.plist"),
)
"""What documents and programs that are ZIP files hold, and archives do not."""
_FIRST_OF_OTHERS = (b"mimetype", *_OF_OTHERS)
_NAME_AT = 30
_UNKNOWN = 0xFFFFFFFF
_UTF8, _ENCRYPTED = 0x800, 0x1
_NEVER = (1980, 1, 1, 0, 0, 0)


def read(path: Path, _spec: PixelSpec) -> Reading:
    """That it is an archive: what it holds are its members."""
    with _opened(path) as archive:
        files = _files(archive)
        if not files:
            raise NotReadableError(SkipReason.EMPTY, "There are no files in this archive.")
        if all(file.flag_bits & _ENCRYPTED for file in files):
            raise NotReadableError(
                SkipReason.ENCRYPTED,
                "The archive is protected by a password. Unpack it to have its files found.",
            )
    return Reading(kind=Kind.ARCHIVE)


def inside(path: Path) -> Iterator[MemberFile]:
    """The files in the archive, in its order."""
    from engine.readers.packages import members

    allowance = members.Allowance()
    with _opened(path) as archive:
        files = _files(archive)
        for file, name in zip(files, _names(files), strict=True):
            if allowance.is_spent:
                return
            yield allowance.member(
                name,
                file.file_size,
                partial(_content, archive, file),
                packed_bytes=file.compress_size,
                modified_at=_modified_at(file),
            )


def is_archive(path: Path) -> bool:
    """Whether a ZIP file is none of the many documents and programs that are ZIP files too."""
    with path.open("rb") as file:
        first = file.read(512)[_NAME_AT:]
        start, length = _table(file)
        file.seek(start)
        table = file.read(min(length, MOST_LISTED_BYTES))
    return not first.startswith(_FIRST_OF_OTHERS) and not any(name in table for name in _OF_OTHERS)


FAMILY = Family(
    name="archive",
    kind=Kind.ARCHIVE,
    version=3,
    extensions=frozenset((".zip",)),
    decoders=("zipfile", "engine.readers.packages.members"),
    signatures=({0: _SIGNATURE}, {0: _END}),
    probe=is_archive,
    read=read,
    members=inside,
)


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    from zipfile import ZipFile

    with path.open("rb") as file, faults.refused(faults.archive):
        _refuse_endless(file)
        with ZipFile(file) as archive:
            yield archive


def _table(file: BinaryIO) -> tuple[int, int]:
    """Where the table of contents begins and how long it is, in bytes; nothing if it is missing."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        return 0, 0
    length, start = struct.unpack_from("<II", tail, at + 12)
    return start, length


def _refuse_endless(file: BinaryIO) -> None:
    _, length = _table(file)
    if MOST_LISTED_BYTES < length < _UNKNOWN:
        raise NotReadableError(
            SkipReason.TOO_LARGE,
            "There are more files in this archive than Keepsight looks at. "
            "Unpack it to have them found.",
        )


def _files(archive: ZipFile) -> list[ZipInfo]:
    """What is worth reading: no folders, and nothing that a system leaves behind."""
    from engine.readers.packages import members

    return [
        file
        for file in archive.infolist()
        if not file.is_dir() and not members.is_litter(file.filename)
    ]


def _names(files: list[ZipInfo]) -> list[str]:
    """The names; those in no stated encoding tell it together, if they do."""
    from engine.readers.packages import members
    from engine.readers.texts import encodings

    old = {
        index: file.orig_filename.encode("cp437")
        for index, file in enumerate(files)
        if not file.flag_bits & _UTF8 and not file.filename.isascii()
    }
    names = [file.filename for file in files]
    guessed = (encodings.decoded(b"\n".join(old.values())) or "").split("\n")
    if old and len(guessed) == len(old):
        for index, name in zip(old, guessed, strict=True):
            names[index] = name
    return [members.cleaned(name) or f"file {number}" for number, name in enumerate(names, 1)]


def _content(archive: ZipFile, file: ZipInfo) -> bytes | ReadFailure:
    """The bytes of one file, or why there are none: the others may be well."""
    from engine.readers.packages import members

    if file.flag_bits & _ENCRYPTED:
        return ReadFailure(
            SkipReason.ENCRYPTED,
            "The file inside is protected by a password. Unpack it to have it found.",
        )
    try:
        with archive.open(file) as opened:
            return members.bounded(opened.read)
    except NotImplementedError:
        return ReadFailure(
            SkipReason.UNSUPPORTED,
            "The file inside is packed in a rare way. Unpack it to have it found.",
        )
    except Exception as error:
        if faults.is_of_system(error):
            raise
        return ReadFailure(
            SkipReason.CORRUPT, "The file inside is damaged. Replace the archive by a good copy."
        )


def _modified_at(file: ZipInfo) -> datetime | None:
    if file.date_time == _NEVER:
        return None
    try:
        return datetime(*file.date_time)
    except ValueError:
        return None
