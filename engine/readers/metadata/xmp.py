"""Reads XMP, which programs write into photos and into sidecar files beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import companions
from engine.readers.metadata import dates, words
from engine.readers.metadata.exif import position, rating
from engine.readers.metadata.found import NOTHING, Found
from engine.readings import Place

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES = 8 << 20

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_SPACES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.microsoft.com/photo/1.0": "ms",
    "http://ns.microsoft.com/photo/1.0/": "ms",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "iptc",
}
_FACES = (
    "{http://www.metadataworkinggroup.com/schemas/regions/}Name",
    "{http://ns.microsoft.com/photo/1.2/t/Region#}PersonDisplayName",
)
_ANGLE = re.compile(r"(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?([NSEW])", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

Properties = Mapping[str, Sequence[str]]


def sidecar(path: Path) -> Found:
    """What the sidecar beside a file says, where there is one that can be read."""
    for name in companions.sidecar_names(path.name):
        with suppress(OSError, ValueError), path.with_name(name).open("rb") as file:
            return found(file.read(MOST_BYTES + 1))
    return NOTHING


def found(packet: bytes) -> Found:
    """What a packet says; nothing where it is damaged, too large or has a document type."""
    # Parsers raise what they like on hostile XML; a photo is worth reading without it.
    with suppress(Exception):
        if len(packet) <= MOST_BYTES and (root := _parsed(packet)) is not None:
            return _found(_properties(root), _people(root))
    return NOTHING


def _parsed(packet: bytes) -> Element | None:
    from defusedxml import ElementTree

    if not packet.startswith(_UTF_16):
        packet = packet.strip(b"\0 \r\n\t")
    root: Element = ElementTree.fromstring(packet, forbid_dtd=True)
    return root if root.tag == f"{_RDF}RDF" else root.find(f".//{_RDF}RDF")


def _properties(root: Element) -> Properties:
    """The values by `prefix:name`, whether they stand in attributes, elements or lists."""
    properties: dict[str, list[str]] = defaultdict(list)
    for description in root.findall(f"{_RDF}Description"):
        for key, value in description.attrib.items():
            properties[_short(key)].append(value)
        for child in description:
            items = [item.text or "" for item in child.iter(f"{_RDF}li")]
            properties[_short(child.tag)] += items or [child.text or ""]
    return properties


def _people(root: Element) -> Iterator[str]:
    """The names of those whose faces were marked."""
    for element in root.iter():
        for key in _FACES:
            if key in element.attrib:
                yield element.attrib[key]
            if element.tag == key:
                yield element.text or ""


def _found(properties: Properties, people: Iterator[str]) -> Found:
    def first(*names: str) -> str:
        values = (words.lines(value) for name in names for value in properties.get(name, ()))
        return next(filter(None, values), "")

    latitude, longitude = position(
        _degrees(first("exif:GPSLatitude")), _degrees(first("exif:GPSLongitude"))
    )
    place = Place(
        city=first("photoshop:City"),
        region=first("photoshop:State"),
        country=first("photoshop:Country"),
    )
    return Found(
        original=dates.written(first("exif:DateTimeOriginal"))
        or dates.written(first("photoshop:DateCreated")),
        digitized=dates.written(first("xmp:CreateDate", "exif:DateTimeDigitized")),
        changed=dates.written(first("xmp:ModifyDate")),
        gps_at=dates.from_satellites(dates.written(first("exif:GPSTimeStamp"))),
        camera=words.camera(first("tiff:Make"), first("tiff:Model")),
        lens=first("exifEX:LensModel", "aux:Lens") or None,
        iso=_whole(first("exif:ISOSpeedRatings", "exifEX:PhotographicSensitivity")),
        rating=rating(_number(first("xmp:Rating")), _number(first("ms:Rating"))),
        keywords=words.keywords(
            (*properties.get("dc:subject", ()), *properties.get("iptc:PersonInImage", ()), *people)
        ),
        caption=words.caption(first("dc:description"), first("exif:UserComment")),
        title=first("dc:title", "photoshop:Headline") or None,
        author=first("dc:creator") or None,
        latitude=latitude,
        longitude=longitude,
        place=place if place != Place() else None,
    )


def _short(key: str) -> str:
    space, _, name = key.removeprefix("{").rpartition("}")
    return f"{_SPACES.get(space, '')}:{name}"


def _degrees(written: str) -> float | None:
    """The angle in `47,59.7N` or `47,59,42N`; or in degrees, as some programs write it."""
    if angle := _ANGLE.fullmatch(written):
        degrees, minutes, seconds, side = angle.groups()
        value = float(degrees) + float(minutes) / 60 + float(seconds or 0) / 3600
        return -value if side in "SW" else value
    return _number(written)


def _number(written: str) -> float | None:
    found = _NUMBER.fullmatch(written)
    return float(found[0]) if found else None


def _whole(written: str) -> int | None:
    number = _number(written)
    return round(number) if number and 0 < number < 10_000_000 else None
