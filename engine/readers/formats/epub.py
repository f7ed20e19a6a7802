"""Reads e-books (EPUB): the text of each chapter, and what the book says of itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from engine.readers.family import Family, NotReadableError
from engine.readers.packages import documents, office
from engine.readers.texts import encodings, language, markup
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from PIL import Image

MOST_CHAPTERS = 3000
MOST_CHAPTER_BYTES = 16 << 20
SECTION_CHARS = 120

_TYPE = b"application/epub+zip"
_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_HEADING = re.compile(r"<h[1-3]\b[^>]*>(.*?)</h[1-3]>", re.IGNORECASE | re.DOTALL)
_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book, as its list of files names it."""

    name: str
    media_type: str
    properties: tuple[str, ...]


class _Book:
    """The package document: https://www.w3.org/TR/epub-33/#sec-package-doc."""

    def __init__(self, package: office.Package) -> None:
        container = package.tree("META-INF/container.xml")
        roots = [] if container is None else list(_named(container, "rootfile"))
        self._name = roots[0].get("full-path", "") if roots else ""
        root = package.tree(self._name) if self._name else None
        if root is None:
            raise documents.damaged()
        self._root = root
        self.items = {
            item.get("id", ""): _Item(
                self.resolved(item.get("href", "")),
                item.get("media-type", ""),
                tuple(item.get("properties", "").split()),
            )
            for item in _named(root, "item")
        }

    def resolved(self, href: str) -> str:
        """The name in the package of what the package document refers to."""
        folder = posixpath.dirname(self._name)
        return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))

    def chapters(self) -> list[str]:
        """The names of the pages, in reading order, without the table of contents."""
        order = (self.items.get(item.get("idref", "")) for item in _named(self._root, "itemref"))
        return [
            item.name
            for item in order
            if item and item.media_type in _PAGES and "nav" not in item.properties
        ]

    def values(self, name: str) -> list[str]:
        """What the book says of itself under a name of the Dublin Core."""
        texts = (" ".join("".join(each.itertext()).split()) for each in _named(self._root, name))
        return [text for text in texts if text]

    def cover(self) -> str | None:
        """The name of the cover's picture: as EPUB 3 marks it, or as EPUB 2 did."""
        for item in self.items.values():
            if "cover-image" in item.properties:
                return item.name
        for meta in _named(self._root, "meta"):
            if meta.get("name") == "cover" and (found := self.items.get(meta.get("content", ""))):
                return found.name
        return None


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages of a book, each with its chapter, its details and its cover."""
    with office.opened(path) as package:
        book = _Book(package)
        chapters = book.chapters()
        _refuse_encrypted(package, chapters)
        return documents.reading(
            _parts(package, chapters),
            _details(book),
            pictures=documents.first_page(_cover(package, book), spec),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The cover."""
    with office.opened(path) as package:
        return documents.preview(_cover(package, _Book(package)), edge_px)


def probe(path: Path) -> bool:
    """Whether a ZIP file says that it is an e-book."""
    try:
        with office.opened(path) as package:
            return (package.data("mimetype", 1024) or b"").strip() == _TYPE
    except NotReadableError:
        return False


FAMILY = Family(
    name="epub",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".epub",)),
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
    probe=probe,
    read=read,
    picture=picture,
)


def _parts(package: office.Package, chapters: list[str]) -> Iterator[Part]:
    section = ""
    for name in islice(chapters, MOST_CHAPTERS):
        data = package.data(name, MOST_CHAPTER_BYTES)
        html = encodings.decoded(data) if data else None
        if html is None:
            continue
        text = markup.title_and_text(html)[1]
        # A chapter may go on over several files, of which the first has its heading.
        if heading := _HEADING.search(html):
            section = " ".join(markup.title_and_text(heading[1])[1].split())[:SECTION_CHARS]
        yield Part(text, section=section)


def _details(book: _Book) -> Details:
    dates = (documents.when(date) for date in book.values("date") if not _YEAR.fullmatch(date))
    return Details(
        title=next(iter(book.values("title")), None),
        author=", ".join(dict.fromkeys(book.values("creator"))),
        language=next(filter(None, map(language.declared, book.values("language"))), None),
        taken_at=next(filter(None, dates), None),
        keywords=tuple(dict.fromkeys(book.values("subject"))),
    )


def _cover(package: office.Package, book: _Book) -> bytes | None:
    name = book.cover()
    return package.data(name, office.MOST_PICTURE_BYTES) if name else None


def _refuse_encrypted(package: office.Package, chapters: list[str]) -> None:
    """Fonts are often scrambled; a book whose pages are is one that only its shop can open."""
    listed = package.tree("META-INF/encryption.xml")
    if listed is not None:
        names = {unquote(each.get("URI", "")) for each in _named(listed, "CipherReference")}
        if names.intersection(chapters):
            raise documents.encrypted()


def _named(root: Element, name: str) -> Iterator[Element]:
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)
