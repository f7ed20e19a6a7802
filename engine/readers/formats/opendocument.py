"""Reads OpenDocument texts, sheets and presentations (ODT, ODS, ODP)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from engine.readers.family import Family, NotReadableError
from engine.readers.packages import documents, office
from engine.readers.texts import flow
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from PIL import Image

MOST_SPACES = 100
"""A run of spaces is written as its length."""

_TYPE = b"application/vnd.oasis.opendocument."
_THUMBNAIL = "Thumbnails/thumbnail.png"
_FIELDS = frozenset(
    ("date", "time", "title", "file-name", "sheet-name", "page-number", "page-count")
)
_FIELD = "\ue000"
_WORD = re.compile(r"[^\W\d_]+")


class Text(flow.Flow):
    """The text of a document, of which each sheet and each slide is a part."""

    words = frozenset(("p", "h", "footer-decl", "header-decl"))
    # What was deleted, and what says who wrote a note when.
    unseen = frozenset(("tracked-changes", "creator", "date", "date-string", "note-citation"))
    paragraphs = frozenset(("p", "h", "footer-decl", "header-decl"))
    cells = frozenset(("table-cell", "covered-table-cell"))
    rows = frozenset(("table-row",))
    before: ClassVar[Mapping[str, str]] = {
        "tab": "\t",
        "line-break": "\n",
        "title": " ",
        "desc": " ",
        "note": " ",
        "annotation": " ",
    }

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begins parts, and writes out runs of spaces."""
        if name == "page":
            self.end_part()
            self.page = (self.page or 0) + 1
        elif name == "table" and self._is_sheet:
            self.end_part()
            self.section = flow.attribute(attributes, "name")
        elif name == "spreadsheet":
            self._is_sheet = True
        elif name == "s":
            count = flow.attribute(attributes, "c")
            self.write(" " * min(int(count) if count.isdecimal() else 1, MOST_SPACES))

    _is_sheet = False


class _Frame(Text):
    """The text around the pages, which the styles hold."""

    unseen = Text.unseen | _FIELDS | {"styles", "automatic-styles"}

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Marks where fields are."""
        if name.rpartition("}")[2] in _FIELDS:
            self.write(_FIELD)
        super().start(name, attributes)

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        """Nothing in it is a page of its own."""
        if name != "page":
            super().opened(name, attributes)

    def end_part(self) -> None:
        """Leaves out lines like “Page 1 / 99”, which stand in every sheet of LibreOffice."""
        lines = "".join(self._pieces).split("\n")
        said = (line for line in lines if _FIELD not in line or len(_WORD.findall(line)) > 1)
        self._pieces = ["\n".join(said).replace(_FIELD, "")]
        super().end_part()


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages of a document, with their slide or sheet, and its details."""
    with office.opened(path) as package:
        if "content.xml" not in package:
            raise documents.damaged()
        if b"encryption-data" in (package.data("META-INF/manifest.xml") or b""):
            raise documents.encrypted()
        return documents.reading(
            _parts(package),
            _details(package),
            pictures=documents.first_page(_thumbnail(package), spec),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The picture of the first page that the document carries."""
    with office.opened(path) as package:
        return documents.preview(_thumbnail(package), edge_px)


def probe(path: Path) -> bool:
    """Whether a ZIP file says that it is an OpenDocument file."""
    try:
        with office.opened(path) as package:
            return (package.data("mimetype", 1024) or b"").startswith(_TYPE)
    except NotReadableError:
        return False


FAMILY = Family(
    name="opendocument",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".odt", ".ott", ".ods", ".ots", ".odp", ".otp", ".odg")),
    decoders=(
        "defusedxml.ElementTree",
        "engine.readers.texts.passages",
        "engine.readers.pictures.pixels",
        "olefile",
        "py3langid.langid",
    ),
    signatures=(office.SIGNATURE,),
    probe=probe,
    read=read,
    picture=picture,
)


def _parts(package: office.Package) -> Iterator[Part]:
    for part in package.parts("content.xml", Text()):
        # People look for a sheet by its name too.
        yield part._replace(text=f"{part.section}\n{part.text}") if part.section else part
    yield from package.parts_beside("styles.xml", _Frame(section="Headers and footers"))


def _details(package: office.Package) -> Details:
    # What is wrong with the properties is not wrong with the document.
    try:
        root = package.tree("meta.xml")
    except (ValueError, SyntaxError):
        return Details()
    if root is None:
        return Details()
    found: dict[str, str] = {}
    keywords: list[str] = []
    pages = ""
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        if name == "document-statistic":
            pages = flow.attribute(element.attrib, "page-count")
        elif name == "keyword":
            keywords.extend(office.keywords(element.text))
        elif element.text:
            found.setdefault(name, element.text.strip())
    return Details(
        title=found.get("title"),
        author=found.get("initial-creator") or found.get("creator"),
        taken_at=documents.when(found.get("creation-date")) or documents.when(found.get("date")),
        keywords=tuple(keywords),
        caption=found.get("description") or found.get("subject") or None,
        pages=int(pages) if pages.isdecimal() and int(pages) else None,
    )


def _thumbnail(package: office.Package) -> bytes | None:
    return package.data(_THUMBNAIL, office.MOST_PICTURE_BYTES)
