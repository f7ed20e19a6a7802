"""Filters on what files say of themselves, in a library of real files."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from engine.library import Library
from engine.paths import Home
from engine.search_records import Query

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmp:Rating="4"><dc:subject><rdf:Bag><rdf:li>at sea</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""
GERMAN = "Die Wohnung wird zum ersten März übergeben; Schlüssel und Zählerstände außerdem. " * 4
ENGLISH = "The flat is handed over on the first of March, with all keys and meter readings. " * 4


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Two photos of cameras, one of them taken in Tokyo, two letters, and a mail."""
    folder = tmp_path_factory.mktemp("said")
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Google", "Pixel 7"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.ISOSpeedRatings: 1600, ExifTags.Base.LensModel: "6.81mm f/1.85"}
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {1: "N", 2: (35.0, 41.0, 22.0), 3: "E", 4: (139.0, 41.0, 30.0)}
    )
    Image.new("RGB", (640, 480), "teal").save(folder / "tokyo.jpg", exif=exif)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 100
    Image.new("RGB", (320, 480), "navy").save(folder / "boat.jpg", exif=exif)
    (folder / "boat.xmp").write_text(XMP)
    (folder / "brief.txt").write_text(GERMAN)
    (folder / "letter.txt").write_text(ENGLISH)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ada <ada@example.org>", "Keys"
    mail.set_content(ENGLISH)
    (folder / "keys.eml").write_bytes(bytes(mail))
    with Library.open(Home.at(tmp_path_factory.mktemp("home")).create()) as library:
        for _ in library.index([folder]):
            pass
        assert library.skips() == []
        yield library


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("camera:pixel", ["tokyo.jpg"]),
        ("lens:6.81mm", ["tokyo.jpg"]),
        ("place:Tokyo", ["tokyo.jpg"]),
        ("place:Japan", ["tokyo.jpg"]),
        ("iso:1600", ["tokyo.jpg"]),
        ("iso:-800", ["boat.jpg"]),
        ("iso:50-3200", ["boat.jpg", "tokyo.jpg"]),
        ("width:400-", ["tokyo.jpg"]),
        ("width:320 height:480", ["boat.jpg"]),
        ('tag:"at sea"', ["boat.jpg"]),
        ("rating:4", ["boat.jpg"]),
        ("rating:5", []),
        ("by:ada", ["keys.eml"]),
        ("lang:de", ["brief.txt"]),
        ("lang:en type:document", ["keys.eml", "letter.txt"]),
        ("flat lang:en by:ada", ["keys.eml"]),
        ("-type:document", ["boat.jpg", "tokyo.jpg"]),
        ("-Place:tokyo Type:Photo", ["boat.jpg"]),
        ("flat -lang:de -by:ada -type:photo", ["letter.txt"]),
    ],
)
def test_what_files_say_of_themselves_narrows_a_search(
    shelf: Library, text: str, names: list[str]
) -> None:
    assert sorted(Path(hit.path).name for hit in shelf.search(Query(text)).hits) == names
