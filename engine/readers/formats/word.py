"""Reads Word documents (DOCX): their text, notes, comments, headers and properties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.family import Family, MemberFile
from engine.readers.packages import documents, embedded, office
from engine.readers.texts import encodings, markup
from engine.readers.texts.passages import Part
from engine.readings import Kind, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from PIL import Image

_MAIN = "word/document.xml"
_ASIDE = (
    ("footnotes", "Footnotes"),
    ("endnotes", "Endnotes"),
    ("comments", "Comments"),
    ("header", "Headers"),
    ("footer", "Footers"),
    ("diagramData", "Diagrams"),
    ("chart", "Charts"),
    ("glossaryDocument", ""),
)
"""The kinds of parts beside the text itself, and the sections that their text is in."""


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages of a document, with the pages that Word last made of it, and its details."""
    with office.opened(path) as package:
        return documents.reading(
            _parts(package),
            package.details(),
            pictures=documents.first_page(package.thumbnail(), spec),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The picture of the first page that the document carries."""
    with office.opened(path) as package:
        return documents.preview(package.thumbnail(), edge_px)


def inside(path: Path) -> Iterator[MemberFile]:
    """The documents that are embedded in the text."""
    with office.opened(path) as package:
        yield from embedded.files(package, [package.main_part(_MAIN)])


FAMILY = Family(
    name="word",
    kind=Kind.DOCUMENT,
    version=3,
    extensions=frozenset((".docx", ".docm", ".dotx", ".dotm")),
    decoders=(
        "charset_normalizer",
        "defusedxml.ElementTree",
        "engine.readers.texts.passages",
        "engine.readers.pictures.pixels",
        "olefile",
        "py3langid.langid",
        "selectolax.lexbor",
    ),
    signatures=(office.SIGNATURE,),
    probe=office.probe_of(rb"(wordprocessingml|ms-word)\.[\w.]*main\+xml"),
    read=read,
    picture=picture,
    members=inside,
)


def _parts(package: office.Package) -> Iterator[Part]:
    main = package.main_part(_MAIN)
    text = package.parts(main, office.Text())
    # Without marks all would be said to stand on the first page.
    on_pages = len({part.page for part in text}) > 1
    for part in text:
        yield part._replace(page=part.page or 1) if on_pages else part._replace(page=None)
    for chunk in package.related(main, "aFChunk"):
        yield from _chunk(package, chunk)
    for kind, section in _ASIDE:
        for name in package.related(main, kind):
            yield from package.parts_beside(name, office.Text(section=section))


def _chunk(package: office.Package, name: str) -> Iterator[Part]:
    """A page of HTML, or plain text, that Word shows as a part of the document."""
    data = package.data(name)
    html = encodings.decoded(data) if data else None
    if html and "<" in html:
        yield Part(markup.title_and_text(html)[1])
    elif html:
        yield Part(html)
