import random
import struct
import warnings
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from engine.readers.metadata import exif
from engine.readers.metadata.found import Found

BASE, GPS = ExifTags.Base, ExifTags.GPS


def written(
    tags: dict | None = None, inner: dict | None = None, gps: dict | None = None
) -> Image.Exif:
    """Tags that have been written to a file and read again."""
    block = Image.Exif()
    for tag, value in (tags or {}).items():
        block[tag] = value
    block.get_ifd(ExifTags.IFD.Exif).update(inner or {})
    block.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    loaded = Image.Exif()
    loaded.load(block.tobytes())
    return loaded


def degrees(*parts: float) -> tuple[IFDRational, ...]:
    return tuple(IFDRational(round(part * 10_000), 10_000) for part in parts)


def test_where_and_when_it_was_is_read() -> None:
    gps = {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: degrees(33, 51, 25.2),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: degrees(151, 12.9, 0),
        GPS.GPSDateStamp: "2023:05:06",
        GPS.GPSTimeStamp: degrees(7, 8, 9),
    }
    found = exif.found(written(gps=gps))
    assert (found.latitude, found.longitude) == (-33.857, 151.215)
    assert found.gps_at == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "latitude",
    [degrees(0, 0, 0), degrees(95, 0, 0), (IFDRational(1, 0),) * 3, degrees(1, 2, 3, 4)],
)
def test_a_place_that_is_none_is_refused(latitude: tuple) -> None:
    gps = {GPS.GPSLatitude: latitude, GPS.GPSLongitude: degrees(0, 0, 0)}
    assert exif.found(written(gps=gps)).latitude is None


@pytest.mark.parametrize(
    ("inner", "iso"),
    [
        ({BASE.ISOSpeedRatings: 400}, 400),
        ({BASE.ISOSpeedRatings: 65535, BASE.ISOSpeed: 102400}, 102400),
        ({BASE.ISOSpeedRatings: 0}, None),
        ({}, None),
    ],
)
def test_the_sensitivity_is_read(inner: dict, iso: int | None) -> None:
    assert exif.found(written(inner=inner)).iso == iso


def test_what_people_wrote_is_read() -> None:
    found = exif.found(
        written(
            {
                BASE.ImageDescription: "On the lake\nin May",
                BASE.Artist: "Anna",
                0x4746: 4,
                0x9C9B: "Der See 湖".encode("utf-16-le") + b"\0\0",
                0x9C9E: "lake;May;lake".encode("utf-16-le") + b"\0\0",
            },
            {BASE.LensModel: "50mm f/2"},
        )
    )
    assert found.caption == "On the lake\nin May"
    assert (found.author, found.rating, found.lens) == ("Anna", 4, "50mm f/2")
    assert (found.title, found.keywords) == ("Der See 湖", ("lake", "May"))


@pytest.mark.parametrize(
    ("comment", "caption"),
    [
        (b"ASCII\0\0\0by the sea", "by the sea"),
        (b"UNICODE\0" + "在海边".encode("utf-16-le"), "在海边"),
        (b"UNICODE\0" + "by the sea".encode("utf-16-be"), "by the sea"),
        (b"\0\0\0\0\0\0\0\0" + "Süd".encode(), "Süd"),
        (b"ASCII\0\0\0" + b"\0" * 100, None),
        (b"", None),
    ],
)
def test_comments_are_read_in_their_encodings(comment: bytes, caption: str | None) -> None:
    assert exif.found(written(inner={BASE.UserComment: comment})).caption == caption


@pytest.mark.parametrize("caption", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "  ", "---", "default"])
def test_what_the_camera_puts_under_every_photo_is_no_caption(caption: str) -> None:
    assert exif.found(written({BASE.ImageDescription: caption})).caption is None


def test_the_offset_of_the_last_change_is_that_of_the_shot_only_where_none_was_made() -> None:
    shot, offset = "2023:05:06 07:08:09", {BASE.OffsetTime: "+02:00"}
    untouched = written({BASE.DateTime: shot}, {BASE.DateTimeOriginal: shot, **offset})
    edited = written(
        {BASE.DateTime: "2024:01:01 10:00:00"}, {BASE.DateTimeOriginal: shot, **offset}
    )
    before, after = exif.found(untouched).original, exif.found(edited).original
    assert before is not None
    assert after is not None
    assert before.utcoffset() is not None
    assert after.utcoffset() is None


def test_damaged_tags_are_left_out() -> None:
    whole = written(
        {BASE.Make: "Canon", BASE.Orientation: 6},
        {BASE.DateTimeOriginal: "2023:05:06 07:08:09", BASE.ISOSpeedRatings: 400},
        {GPS.GPSLatitude: degrees(1, 2, 3), GPS.GPSLongitude: degrees(1, 2, 3)},
    ).tobytes()
    rng = random.Random(0)
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 12)):
            data[rng.randrange(6, len(data))] = rng.randrange(256)
        block = Image.Exif()
        with warnings.catch_warnings(action="ignore"):
            with suppress(SyntaxError, struct.error):
                block.load(bytes(data))
            assert isinstance(exif.found(block), Found)
            assert isinstance(exif.orientation(block), int)
