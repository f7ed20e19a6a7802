"""Writes raw files as cameras lay them out: a preview, the sensor's mosaic, and their tags."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

SENSOR = (96, 64)
_BYTE, _ASCII, _SHORT, _LONG, _SIGNED_RATIO = 1, 2, 3, 4, 10
_UNITY = b"".join(struct.pack("<ii", one, 1) for one in (1, 0, 0, 0, 1, 0, 0, 0, 1))

Entry = tuple[int, int, int, bytes]


@dataclass(frozen=True)
class Camera:
    """What tells one maker's files from another's."""

    make: str
    model: str
    extension: str
    head: bytes = b"II*\0"


DNG = Camera("Ricoh", "GR", ".dng")


def shorts(tag: int, *values: int) -> Entry:
    """A tag of numbers of 16 bits."""
    return tag, _SHORT, len(values), struct.pack(f"<{len(values)}H", *values)


def long(tag: int, value: int) -> Entry:
    """A tag of one number of 32 bits."""
    return tag, _LONG, 1, struct.pack("<I", value)


def text(tag: int, value: str) -> Entry:
    """A tag of ASCII characters."""
    return tag, _ASCII, len(value) + 1, value.encode() + b"\0"


def directory(at: int, *entries: Entry) -> bytes:
    """A TIFF directory for this offset, with what does not fit into it behind."""
    body, behind = struct.pack("<H", len(entries)), b""
    after = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, data in sorted(entries):
        stored = data.ljust(4, b"\0")
        if len(data) > 4:
            stored = struct.pack("<I", after + len(behind))
            behind += data + b"\0" * (len(data) % 2)
        body += struct.pack("<HHI", tag, kind, count) + stored
    return body + bytes(4) + behind


def raw_file(path: Path, preview: Image.Image, orientation: int = 1, camera: Camera = DNG) -> Path:
    """A raw file with that preview. The sensor saw noise, and nobody compressed it."""
    encoded = io.BytesIO()
    preview.save(encoded, "JPEG", quality=95)
    jpeg = encoded.getvalue() + b"\0" * (len(encoded.getvalue()) % 2)
    width, height = SENSOR
    mosaic = np.random.default_rng(0).integers(200, 3000, (height, width), np.uint16).tobytes()
    jpeg_at = 16
    mosaic_at = jpeg_at + len(jpeg)
    exif_at = mosaic_at + len(mosaic)
    exif = directory(
        exif_at, text(36867, "2023:05:06 07:08:09"), shorts(34855, 400), text(42036, "50mm f/2")
    )
    sensor_at = exif_at + len(exif)
    sensor = directory(
        sensor_at,
        *(long(254, 0), long(256, width), long(257, height), shorts(258, 16), shorts(259, 1)),
        *(shorts(262, 32803), long(273, mosaic_at), shorts(277, 1), long(278, height)),
        *(long(279, len(mosaic)), shorts(33421, 2, 2), (33422, _BYTE, 4, bytes([0, 1, 1, 2]))),
        *(shorts(50714, 0), long(50717, 4095)),
    )
    main_at = sensor_at + len(sensor)
    main = directory(
        main_at,
        *(long(254, 1), long(256, preview.width), long(257, preview.height)),
        *(shorts(258, 8, 8, 8), shorts(259, 7 if camera == DNG else 6), shorts(262, 6)),
        *(text(271, camera.make), text(272, camera.model), long(273, jpeg_at)),
        *(shorts(274, orientation), shorts(277, 3), long(278, preview.height)),
        *(long(279, len(encoded.getvalue())), long(330, sensor_at), long(34665, exif_at)),
        *(
            (
                (50706, _BYTE, 4, bytes([1, 4, 0, 0])),
                text(50708, camera.model),
                shorts(50778, 21),
                (50721, _SIGNED_RATIO, 9, _UNITY),
            )
            if camera == DNG
            else (long(513, jpeg_at), long(514, len(encoded.getvalue())))
        ),
    )
    head = (camera.head[:4] + struct.pack("<I", main_at) + camera.head[4:]).ljust(jpeg_at, b"\0")
    path.write_bytes(head + jpeg + mosaic + exif + sensor + main)
    return path


def fujifilm_file(path: Path, preview: Image.Image, orientation: int = 1) -> Path:
    """The same as Fujifilm lays it out: what the camera wrote is in the preview."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "FUJIFILM", "X100"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif).update({36867: "2023:05:06 07:08:09", 34855: 400})
    encoded = io.BytesIO()
    preview.save(encoded, "JPEG", exif=exif, quality=95)
    jpeg = encoded.getvalue()
    # Cameras write no JFIF segment before their own.
    jpeg = jpeg[:2] + jpeg[4 + struct.unpack_from(">H", jpeg, 4)[0] :]
    jpeg += b"\0" * (-len(jpeg) % 4)
    width, height = SENSOR
    mosaic = np.random.default_rng(0).integers(200, 3000, (height, width), np.uint16).tobytes()
    records = struct.pack(">IHHHH", 1, 0x100, 4, height, width)
    jpeg_at = 160
    records_at = jpeg_at + len(jpeg)
    mosaic_at = records_at + len(records)
    places = (jpeg_at, len(jpeg), records_at, len(records), mosaic_at, len(mosaic))
    head = b"FUJIFILMCCD-RAW 0201FF129502X100".ljust(84, b"\0") + struct.pack(">6I", *places)
    path.write_bytes(head.ljust(jpeg_at, b"\0") + jpeg + records + mosaic)
    return path


def canon_file(path: Path, preview: Image.Image, orientation: int = 1) -> Path:
    """The same as Canon lays it out today (CR3): boxes, one of which is a track of the preview."""
    encoded = io.BytesIO()
    preview.save(encoded, "JPEG", quality=95)
    jpeg, (width, height) = encoded.getvalue(), SENSOR
    camera = _tiff(
        *(long(256, width), long(257, height), text(271, "Canon"), text(272, "Canon EOS R")),
        shorts(274, orientation),
    )
    shot = _tiff(text(36867, "2023:05:06 07:08:09"), shorts(34855, 400))
    sensor = struct.pack(
        ">4xHxxIIIIBBBBI12x", 0x100, width, height, width, height, 14, 0x40, 0, 0, 0x40
    )
    head = _box(b"ftyp", b"crx \0\0\0\1crx isom")

    def tracks(at: int) -> bytes:
        tags = _CANON + _box(b"CMT1", camera) + _box(b"CMT2", shot)
        both = ((b"JPEG", b"\0" * 4, at, len(jpeg)), (b"CMP1", sensor, at + len(jpeg), 64))
        return _box(b"moov", _box(b"uuid", tags) + b"".join(_track(*each) for each in both))

    data_at = len(head) + len(tracks(0)) + 8
    path.write_bytes(head + tracks(data_at) + _box(b"mdat", jpeg + bytes(64)))
    return path


_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


def _track(kind: bytes, described: bytes, at: int, size: int) -> bytes:
    """A track of one sample, which lies at an offset in the file."""
    entry = _box(b"CRAW", bytes(82) + _box(kind, described))
    table = (
        _box(b"stsd", struct.pack(">II", 0, 1) + entry)
        + _box(b"stsz", struct.pack(">III", 0, size, 1))
        + _box(b"co64", struct.pack(">IIQ", 0, 1, at))
    )
    handler = _box(b"hdlr", bytes(8) + b"vide" + bytes(12))
    media = handler + _box(b"minf", _box(b"stbl", table))
    return _box(b"trak", _box(b"mdia", media))


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def _tiff(*entries: Entry) -> bytes:
    return b"II*\0\x08\0\0\0" + directory(8, *entries)
