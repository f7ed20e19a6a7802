"""Finds the EXIF and XMP of cameras' raw files, which lie elsewhere with each maker."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from pathlib import Path

from PIL import ExifTags, Image

from engine.readers.metadata.details import Parts

MOST_BYTES = 16 << 20
"""How far into a file is looked: the tags stand before the picture."""

_AS_TIFF = {b"IIRO": b"II*\0", b"IIRS": b"II*\0", b"MMOR": b"MM\0*", b"IIU\0": b"II*\0"}
"""Olympus' and Panasonic's files are TIFF under another name."""
_TIFFS = (b"II*\0", b"MM\0*")
_CANON = b"ftypcrx "
_XMP = 700


def parts_of(path: Path) -> Parts:
    """The metadata of a raw file; empty where there is none that can be read. Raises OSError."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES)
    exif: Image.Exif | None = None
    # Tags of hostile files raise nearly anything when they are parsed.
    with suppress(Exception):
        if data[4:12] == _CANON:
            exif = _canon(data)
        elif (head := _AS_TIFF.get(data[:4], data[:4])) in _TIFFS:
            exif = _loaded(head + data[4:])
    packet: object = None
    with suppress(Exception):
        packet = exif.get(_XMP) if exif else None
    return Parts(exif=exif, xmp=packet if isinstance(packet, bytes) else None)


def _canon(data: bytes) -> Image.Exif | None:
    """CR3: a box each for the camera, the shot and the place, each a TIFF of its own."""
    exif = _box(data, b"CMT1")
    if exif is not None:
        for name, part in ((b"CMT2", ExifTags.IFD.Exif), (b"CMT4", ExifTags.IFD.GPSInfo)):
            if (inner := _box(data, name)) is not None:
                exif.get_ifd(part).update(inner)
    return exif


def _box(data: bytes, name: bytes) -> Image.Exif | None:
    at = data.find(name)
    if at < 4:
        return None
    size = struct.unpack_from(">I", data, at - 4)[0]
    return _loaded(data[at + 4 : at - 4 + size])


def _loaded(tiff: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load_from_fp(io.BytesIO(tiff))
    return exif
