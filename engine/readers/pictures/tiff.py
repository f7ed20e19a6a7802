"""Tells the raw files of cameras, most of which are TIFF, from pictures that anything can open."""

from __future__ import annotations

import struct
from pathlib import Path

from engine.readers.companions import RAW_EXTENSIONS

_MOST_TAGS = 512
_CR2 = (8, b"CR")
_HEADS = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY_BYTES = 12
_SHORT = 3
_PURPOSE, _COMPRESSION, _COLOURS, _MAKE, _SUB_PICTURES, _DNG_VERSION = (
    *(254, 259, 262, 271, 330, 50706),
)
_CAMERAS_COMPRESSIONS = (262, 32767, 32769, 34713, 65000, 65535)
"""Kodak's, Sony's, Epson's, Nikon's, Kodak's again and Pentax's."""
_SENSOR_COLOURS = (32803, 34892)
"""A mosaic of colour filters, and linear light."""


def is_raw(path: Path) -> bool:
    """Whether a TIFF holds what a sensor saw rather than a picture. Raises OSError.

    Its first pictures' tags tell, or a name that only cameras give.
    """
    with path.open("rb") as file:
        head = file.read(16)
        order = _HEADS.get(head[:4])
        if order is None or len(head) < 16:
            return False
        if path.suffix.lower() in RAW_EXTENSIONS or head.startswith(_CR2[1], _CR2[0]):
            return True
        file.seek(struct.unpack_from(f"{order}I", head, 4)[0])
        data = file.read(2 + _MOST_TAGS * _ENTRY_BYTES)
    tags = _tags(data, order)
    is_preview_first = tags.get(_PURPOSE, 0) & 1 and _SUB_PICTURES in tags and _MAKE in tags
    return bool(
        _DNG_VERSION in tags
        or is_preview_first
        or tags.get(_COMPRESSION) in _CAMERAS_COMPRESSIONS
        or tags.get(_COLOURS) in _SENSOR_COLOURS
    )


def is_tiff(path: Path) -> bool:
    """Whether a file is a TIFF, by its first bytes. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) in _HEADS


def _tags(directory: bytes, order: str) -> dict[int, int]:
    """The tags of a directory, each with its first number, or whatever stands in its place."""
    if len(directory) < 2:
        return {}
    count = min(struct.unpack_from(f"{order}H", directory)[0], _MOST_TAGS)
    tags: dict[int, int] = {}
    for start in range(2, min(2 + count * _ENTRY_BYTES, len(directory) - 11), _ENTRY_BYTES):
        tag, kind = struct.unpack_from(f"{order}HH", directory, start)
        layout = f"{order}H" if kind == _SHORT else f"{order}I"
        tags[tag] = struct.unpack_from(layout, directory, start + 8)[0]
    return tags
