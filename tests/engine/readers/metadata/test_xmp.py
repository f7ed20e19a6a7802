from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.readers.metadata import xmp
from engine.readers.metadata.found import NOTHING
from engine.readings import Place

SPACES = """xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" xmlns:ms="http://ns.microsoft.com/photo/1.0/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:mwg="http://www.metadataworkinggroup.com/schemas/regions/" """


def packet(attributes: str = "", elements: str = "") -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" {SPACES} {attributes}>{elements}</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def test_values_are_read_from_attributes() -> None:
    found = xmp.found(
        packet(
            'exif:DateTimeOriginal="2023-05-06T07:08:09+02:00" xmp:Rating="4" tiff:Make="Google"'
            ' tiff:Model="Pixel 8" aux:Lens="50mm" exif:GPSLatitude="47,59.7N"'
            ' exif:GPSLongitude="7,51,36W" photoshop:City="Freiburg" photoshop:Country="Germany"'
        )
    )
    assert found.original == datetime.fromisoformat("2023-05-06T07:08:09+02:00")
    assert (found.rating, found.camera, found.lens) == (4, "Google Pixel 8", "50mm")
    assert (found.latitude, found.longitude) == (47.995, -7.86)
    assert found.place == Place(city="Freiburg", country="Germany")


def test_values_are_read_from_elements_and_lists() -> None:
    found = xmp.found(
        packet(
            elements="<photoshop:DateCreated>2023-05-06</photoshop:DateCreated>"
            "<dc:subject><rdf:Bag><rdf:li>snow</rdf:li><rdf:li>Alps</rdf:li></rdf:Bag></dc:subject>"
            '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Peak</rdf:li></rdf:Alt></dc:title>'
            "<dc:description><rdf:Alt><rdf:li>On &lt;top&gt;</rdf:li></rdf:Alt></dc:description>"
            "<dc:creator><rdf:Seq><rdf:li>Anna</rdf:li></rdf:Seq></dc:creator>"
            "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>200</rdf:li></rdf:Seq></exif:ISOSpeedRatings>"
        )
    )
    assert found.original == datetime(2023, 5, 6)
    assert found.keywords == ("snow", "Alps")
    assert (found.title, found.caption, found.author) == ("Peak", "On <top>", "Anna")
    assert found.iso == 200


def test_people_whose_faces_are_marked_are_keywords() -> None:
    found = xmp.found(
        packet(
            elements='<mwg:Regions rdf:parseType="Resource"><mwg:RegionList><rdf:Bag>'
            '<rdf:li><rdf:Description mwg:Name="Marie Curie" mwg:Type="Face"/></rdf:li>'
            '<rdf:li rdf:parseType="Resource"><mwg:Name>Pierre Curie</mwg:Name></rdf:li>'
            "</rdf:Bag></mwg:RegionList></mwg:Regions>"
        )
    )
    assert found.keywords == ("Marie Curie", "Pierre Curie")


@pytest.mark.parametrize(
    ("attributes", "rating"),
    [
        ('xmp:Rating="5"', 5),
        ('xmp:Rating="0"', None),
        ('xmp:Rating="-1"', None),
        ('xmp:Rating="99"', None),
        ('ms:Rating="50"', 3),
        ('ms:Rating="99"', 4),
        ('ms:Rating="1"', 1),
    ],
)
def test_ratings_are_stars(attributes: str, rating: int | None) -> None:
    assert xmp.found(packet(attributes)).rating == rating


def test_satellites_write_in_utc() -> None:
    found = xmp.found(packet('exif:GPSTimeStamp="2023-05-06T07:08:09"'))
    assert found.gps_at == datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert xmp.found(packet('exif:GPSTimeStamp="1899-12-30T01:00:14Z"')).gps_at is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_packets_are_read_in_their_encodings(encoding: str) -> None:
    assert xmp.found(packet('xmp:Rating="2"').decode().encode(encoding)).rating == 2


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\0" * 100,
        b"not xml at all",
        packet()[:200],
        packet('xmp:Rating="4"').replace(
            b"<x:xmpmeta", b'<!DOCTYPE a [<!ENTITY b "c">]><x:xmpmeta'
        ),
        packet(elements="<dc:title>&undefined;</dc:title>"),
        packet('exif:GPSLatitude="nonsense" exif:GPSLongitude="1e999"'),
        b"<a>" * 100_000,
    ],
)
def test_damaged_and_hostile_packets_say_nothing(hostile: bytes) -> None:
    assert xmp.found(hostile) == NOTHING


def test_an_endless_packet_is_not_parsed(monkeypatch) -> None:
    monkeypatch.setattr(xmp, "MOST_BYTES", 10)
    assert xmp.found(packet('xmp:Rating="4"')) == NOTHING


@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.jpg.XMP", "a.xmp", "a.XMP"])
def test_a_sidecar_is_found_beside_its_photo(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(packet('xmp:Rating="4"'))
    assert xmp.sidecar(tmp_path / "a.jpg").rating == 4
    assert xmp.sidecar(tmp_path / "b.jpg") == NOTHING


def test_the_sidecar_of_the_whole_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").write_bytes(packet('xmp:Rating="4"'))
    (tmp_path / "a.xmp").write_bytes(packet('xmp:Rating="1"'))
    assert xmp.sidecar(tmp_path / "a.jpg").rating == 4
