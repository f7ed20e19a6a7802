from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from engine.readers.formats import photos
from engine.readings import DateSource, Details, PixelSpec
from tests.engine.readers.metadata.test_exif import degrees
from tests.engine.readers.metadata.test_xmp import packet

SPEC = PixelSpec(32, squash=True)
SHOT = "2023:05:06 07:08:09"
BASE, GPS = ExifTags.Base, ExifTags.GPS


def details(path: Path, tags: dict, gps: dict | None = None, **save: object) -> Details:
    """What is known of a photo with these tags; those of the shot are told by their numbers."""
    exif = Image.Exif()
    for tag, value in tags.items():
        (exif.get_ifd(ExifTags.IFD.Exif) if tag > 0x8800 else exif)[tag] = value
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    Image.new("RGB", (40, 30)).save(path, exif=exif, **save)
    return photos.read(path, SPEC).details


SATELLITES = {GPS.GPSDateStamp: "2023:05:06", GPS.GPSTimeStamp: degrees(5, 8, 0)}
CREATED = 'photoshop:DateCreated="2022-02-02T02:02:02"'


@dataclass(frozen=True)
class Case:
    """A photo's witnesses, and whom to believe."""

    year: int | None
    source: DateSource | None
    tags: dict = field(default_factory=dict)
    gps: dict = field(default_factory=dict)
    xmp: str = ""
    sidecar: str = ""
    name: str = "a.jpg"


PHONES_NAME = "IMG_20210101_101010.jpg"


@pytest.mark.parametrize(
    "case",
    [
        Case(2023, DateSource.CAMERA, {BASE.DateTimeOriginal: SHOT}, xmp=CREATED),
        Case(2022, DateSource.SIDECAR, {BASE.DateTimeOriginal: SHOT}, sidecar=CREATED),
        Case(2023, DateSource.GPS, gps=SATELLITES, name=PHONES_NAME),
        Case(2023, DateSource.CAMERA, {BASE.DateTimeDigitized: SHOT}, xmp=CREATED),
        Case(2022, DateSource.CAMERA, xmp=CREATED, name=PHONES_NAME),
        Case(2021, DateSource.NAME, name=PHONES_NAME),
        Case(2021, DateSource.NAME, {BASE.DateTime: SHOT}, name=PHONES_NAME),
        Case(2023, DateSource.CAMERA, {BASE.DateTime: SHOT}),
        Case(None, None, {BASE.DateTimeOriginal: "0000:00:00 00:00:00"}),
        Case(None, None),
    ],
)
def test_the_best_witness_of_the_date_is_believed(tmp_path: Path, case: Case) -> None:
    if case.sidecar:
        (tmp_path / f"{case.name}.xmp").write_bytes(packet(case.sidecar))
    inside = packet(case.xmp) if case.xmp else b""
    found = details(tmp_path / case.name, case.tags, case.gps, xmp=inside)
    assert (found.taken_at and found.taken_at.year) == case.year
    assert found.taken_from is case.source


def test_a_sidecar_that_repeats_the_camera_leaves_it_its_time_zone(tmp_path: Path) -> None:
    (tmp_path / "a.xmp").write_bytes(packet('exif:DateTimeOriginal="2023-05-06T07:08:09"'))
    tags = {BASE.DateTimeOriginal: SHOT, BASE.OffsetTimeOriginal: "+02:00"}
    found = details(tmp_path / "a.jpg", tags)
    assert found.taken_from is DateSource.CAMERA
    assert found.taken_at == datetime.fromisoformat("2023-05-06T07:08:09+02:00")


def test_satellites_give_a_camera_its_time_zone(tmp_path: Path) -> None:
    found = details(tmp_path / "a.jpg", {BASE.DateTimeOriginal: SHOT}, SATELLITES)
    assert found.taken_at is not None
    assert found.taken_at.utcoffset() == timedelta(hours=2)
    assert found.taken_from is DateSource.CAMERA


def test_what_people_wrote_beside_a_photo_outweighs_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").write_bytes(packet('xmp:Rating="5" photoshop:City="Home"'))
    inside = packet(
        'xmp:Rating="2"', "<dc:subject><rdf:Bag><rdf:li>snow</rdf:li></rdf:Bag></dc:subject>"
    )
    found = details(tmp_path / "a.jpg", {BASE.ImageDescription: "The lake"}, xmp=inside)
    assert (found.rating, found.keywords, found.caption) == (5, ("snow",), "The lake")
    assert found.place is not None
    assert found.place.city == "Home"


def test_a_place_on_earth_is_named(tmp_path: Path) -> None:
    gps = {
        GPS.GPSLatitudeRef: "N",
        GPS.GPSLatitude: degrees(48, 51, 30),
        GPS.GPSLongitudeRef: "E",
        GPS.GPSLongitude: degrees(2, 17, 40),
    }
    found = details(tmp_path / "a.jpg", {}, gps)
    assert found.place is not None
    assert (found.place.city, found.place.city_zh) == ("Paris", "巴黎")
    assert found.latitude == pytest.approx(48.8583, abs=0.001)


def test_the_words_of_a_png_are_read(tmp_path: Path) -> None:
    chunks = PngImagePlugin.PngInfo()
    for key, value in {"Title": "Peak", "Author": "Anna", "Creation Time": SHOT}.items():
        chunks.add_text(key, value)
    found = details(tmp_path / "a.png", {}, pnginfo=chunks)
    assert (found.title, found.author) == ("Peak", "Anna")
    assert found.taken_at == datetime(2023, 5, 6, 7, 8, 9)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "taken", "city"),
    [
        ("*/UTC-*-Kathmandu.jpg", "2024-04-14T02:20:31+05:45", "Kathmandu"),
        ("*/UTC-*-NewYork.jpg", "2024-04-13T16:38:30-04:00", "New York City"),
        ("*/20240413-203800-Unknown.jpg", "2024-04-13T20:38:00", None),
        ("*/big_ben_no_tsoffset*.jpg", "2023-06-07T13:45:55+01:00", "London"),
        ("*/sydney_opera_house_no_tsoffset*.jpg", "2020-09-19T20:55:57+10:00", "Sydney"),
        ("wild-1.jpg", "2015-07-03T10:04:43", "Williams"),
    ],
)
def test_real_photos_are_from_where_and_when_they_were_taken(
    samples: Path, name: str, taken: str, city: str | None
) -> None:
    (path,) = (samples / "photos/trips").glob(name)
    found = photos.read(path, SPEC).details
    assert found.taken_at == datetime.fromisoformat(taken)
    assert (found.place and found.place.city) == city
