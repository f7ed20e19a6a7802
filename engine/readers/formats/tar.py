"""Reads TAR archives, packed or not: the files inside, each as a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import Family, MemberFile, NotReadableError
from engine.readings import Kind, PixelSpec, ReadFailure, Reading, SkipReason

if TYPE_CHECKING:
    from tarfile import TarFile, TarInfo

MOST_UNPACKED_BYTES = 1 << 30
"""How far into a packed archive is read, also past files that are not."""
MOST_ENTRIES = 5000
MOST_PACKER_BYTES = 128 << 20
"""What unpacking the beginning may take, in the process that only asks what a file is."""

_GZIP, _BZIP2, _XZ = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0"
_MARK_AT, _MARK = 257, b"ustar"
_HEADER_BYTES = 512
_BLOCK_BYTES = 1 << 20  # bzip2 unpacks whole blocks, of up to 900 kB


def read(path: Path, _spec: PixelSpec) -> Reading:
    """That it is an archive: what it holds are its members."""
    with _opened(path) as archive:
        if next(_files(archive), None) is None:
            raise NotReadableError(SkipReason.EMPTY, "There are no files in this archive.")
    return Reading(kind=Kind.ARCHIVE)


def inside(path: Path) -> Iterator[MemberFile]:
    """The files in the archive, in its order."""
    from engine.readers.packages import members

    allowance = members.Allowance()
    with _opened(path) as archive:
        for number, file in enumerate(_files(archive), 1):
            if allowance.is_spent:
                return
            yield allowance.member(
                members.cleaned(file.name) or f"file {number}",
                file.size,
                partial(_content, archive, file),
                modified_at=datetime.fromtimestamp(file.mtime, UTC) if file.mtime > 0 else None,
            )


def is_tar(path: Path) -> bool:
    """Whether a file, unpacked if it is packed, begins as a TAR archive does."""
    with path.open("rb") as file:
        data = file.read(_BLOCK_BYTES)
    return _begun(data)[_MARK_AT:].startswith(_MARK)


FAMILY = Family(
    name="tar",
    kind=Kind.ARCHIVE,
    version=2,
    extensions=frozenset((".tar", ".tgz", ".tbz2", ".txz")),
    decoders=("tarfile", "bz2", "lzma", "zlib", "engine.readers.packages.members"),
    signatures=({_MARK_AT: _MARK}, {0: _GZIP}, {0: _BZIP2}, {0: _XZ}),
    probe=is_tar,
    read=read,
    members=inside,
)


@contextmanager
def _opened(path: Path) -> Iterator[TarFile]:
    import tarfile

    # As a stream: what is packed is unpacked once, from its beginning.
    with (
        path.open("rb") as file,
        faults.refused(faults.archive),
        tarfile.open(fileobj=file, mode="r|*") as archive,
    ):
        yield archive


def _begun(data: bytes) -> bytes:
    """The first bytes of what may be packed."""
    import bz2
    import lzma
    import zlib

    try:
        if data.startswith(_GZIP):
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, _HEADER_BYTES)
        if data.startswith(_BZIP2):
            return bz2.BZ2Decompressor().decompress(data, _HEADER_BYTES)
        if data.startswith(_XZ):
            unpacker = lzma.LZMADecompressor(memlimit=MOST_PACKER_BYTES)
            return unpacker.decompress(data, _HEADER_BYTES)
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError):
        return b""
    return data


def _files(archive: TarFile) -> Iterator[TarInfo]:
    """Plain files, as far as it is worth to unpack; links are not followed."""
    from engine.readers.packages import members

    for number, entry in enumerate(archive):
        if number >= MOST_ENTRIES or entry.offset_data > MOST_UNPACKED_BYTES:
            return
        if entry.isreg() and not entry.issparse() and not members.is_litter(entry.name):
            yield entry
        # To go on means to unpack what is passed over.
        if entry.offset_data + entry.size > MOST_UNPACKED_BYTES:
            return


def _content(archive: TarFile, file: TarInfo) -> bytes | ReadFailure:
    from engine.readers.packages import members

    opened = archive.extractfile(file)
    if opened is None:
        return ReadFailure(SkipReason.UNSUPPORTED, "This is a link and not a file.")
    return members.bounded(opened.read)
