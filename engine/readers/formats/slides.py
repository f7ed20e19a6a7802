"""Reads presentations (PPTX): the text of each slide with its tables, notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.family import Family, MemberFile
from engine.readers.packages import documents, embedded, office
from engine.readers.texts.passages import BETWEEN_PARTS, Part
from engine.readings import Kind, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from PIL import Image

MOST_SLIDES = 2000

_BESIDE = ("diagramData", "chart", "notesSlide", "comments")
"""The kinds of parts, beside a slide's own, that hold text of it."""


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages of a presentation, each with its slide, and its details."""
    with office.opened(path) as package:
        slides = _slides(package)
        return documents.reading(
            _parts(package, slides),
            replace(package.details(), pages=len(slides)),
            pictures=documents.first_page(package.thumbnail(), spec),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The picture of the first slide that the presentation carries."""
    with office.opened(path) as package:
        return documents.preview(package.thumbnail(), edge_px)


def inside(path: Path) -> Iterator[MemberFile]:
    """The documents that are embedded in the slides."""
    with office.opened(path) as package:
        yield from embedded.files(package, _slides(package)[:MOST_SLIDES])


FAMILY = Family(
    name="slides",
    kind=Kind.DOCUMENT,
    version=3,
    extensions=frozenset((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm")),
    decoders=(
        "defusedxml.ElementTree",
        "engine.readers.texts.passages",
        "engine.readers.pictures.pixels",
        "olefile",
        "py3langid.langid",
    ),
    signatures=(office.SIGNATURE,),
    probe=office.probe_of(rb"(presentationml|ms-powerpoint)\.[\w.]*main\+xml"),
    read=read,
    picture=picture,
    members=inside,
)


def _slides(package: office.Package) -> list[str]:
    """The names of the slides' parts, in the order in which they are shown."""
    main = package.main_part("ppt/presentation.xml")
    relations = package.relations(main)
    root = package.tree(main)
    if root is None:
        raise documents.damaged()
    ids = (
        value
        for element in root.iter()
        if element.tag.endswith("}sldId")
        for key, value in element.items()
        if key.endswith("}id")
    )
    return [relations[key].target for key in ids if key in relations]


def _parts(package: office.Package, slides: list[str]) -> Iterator[Part]:
    for page, slide in enumerate(islice(slides, MOST_SLIDES), 1):
        relations = package.relations(slide).values()
        texts = package.parts(slide, office.Text())
        for kind in _BESIDE:
            for name in (relation.target for relation in relations if relation.kind == kind):
                texts += package.parts_beside(name, office.Text())
        if texts:
            yield Part(BETWEEN_PARTS.join(text.text for text in texts), page)
