"""Opens office packages, ZIP files of XML parts, within limits, and reads their properties."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, NamedTuple

from engine.readers import faults
from engine.readers.family import HEAD_BYTES, NotReadableError
from engine.readers.packages import documents, ole
from engine.readers.texts import flow
from engine.readers.texts.passages import Part
from engine.readings import Details, SkipReason

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_PARTS = 50_000
MOST_PART_BYTES = 128 << 20
MOST_TREE_BYTES = 8 << 20
"""Of a part that is parsed as a whole: properties, relationships, tables of contents."""
MOST_PICTURE_BYTES = 16 << 20
MOST_RATIO = 400
"""XML packs well, but what unpacks to more times its packed size is taken for a bomb."""
HARMLESS_BYTES = 4 << 20
"""Up to this size the ratio says nothing."""
SIGNATURE = {0: b"PK\3\4"}

_CHUNK_BYTES = 256 << 10
_ENCRYPTED_FLAG = 0x1
_CONTENT_TYPES = "[Content_Types].xml"
_THUMBNAILS = ("docprops/thumbnail.jpeg", "docprops/thumbnail.jpg", "docprops/thumbnail.png")
_NUMBER = re.compile(r"\d{1,6}")


class Relation(NamedTuple):
    """What a part refers to: the last word of the relation's type, and the part's name."""

    kind: str
    target: str


class Text(flow.Flow):
    """The text of Office Open XML: of documents, slides, comments, diagrams and charts.

    A document's pages are counted by the marks that Word left where it last broke them.
    """

    # `t` is text wherever it stands, `text` a comment, `v` a name that a chart shows.
    words = frozenset(("t", "text", "v"))
    # Fields of slides are dates and page numbers; the fallback repeats what it stands for.
    unseen = frozenset(("Fallback", "tabs", "numCache", "moveFrom", "fld"))
    paragraphs = frozenset(("p", "pt", "text"))
    cells = frozenset(("tc",))
    rows = frozenset(("tr",))
    before: ClassVar[Mapping[str, str]] = {
        "tab": "\t",
        "br": "\n",
        "cr": "\n",
        "noBreakHyphen": "-",
    }

    def opened(self, name: str, attributes: Mapping[str, str]) -> None:
        """Counts pages, and takes in what a picture is said to show."""
        if name == "lastRenderedPageBreak":
            self.end_part()
            self.page = (self.page or 1) + 1
        elif name in ("docPr", "cNvPr") and (words := flow.attribute(attributes, "descr")):
            self.write(f"{words}\n")


class Package:
    """An open package; its parts are found whatever the case of their names."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        entries = archive.infolist()
        if len(entries) > MOST_PARTS:
            raise _too_large()
        self._archive = archive
        self._entries = {entry.filename.replace("\\", "/").lower(): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def names(self, pattern: str) -> list[str]:
        """The names of the parts, in small letters, that fit a regular expression, by number."""
        fitting = (name for name in self._entries if re.fullmatch(pattern, name))
        return sorted(fitting, key=lambda name: ([int(n) for n in _NUMBER.findall(name)], name))

    def size(self, name: str) -> int:
        """How many bytes a part claims to unpack to."""
        return self._entries[name.lower()].file_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, of which there is one; nothing where there is none."""
        entry = self._entries.get(name.lower())
        if entry is None:
            return
        self.check(name)
        with self._archive.open(entry) as part:
            while piece := part.read(_CHUNK_BYTES):
                yield piece

    def check(self, name: str, most_bytes: int = MOST_PART_BYTES) -> None:
        """Raises NotReadableError where a part is too large to be unpacked, or encrypted."""
        entry = self._entries[name.lower()]
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise documents.encrypted()
        allowed = max(HARMLESS_BYTES, entry.compress_size * MOST_RATIO)
        # zipfile unpacks no more of a part than it claims to have.
        if entry.file_size > min(most_bytes, allowed):
            raise _too_large()

    def data(self, name: str, most_bytes: int = MOST_PART_BYTES) -> bytes | None:
        """A part as a whole; None where there is none."""
        if name not in self:
            return None
        self.check(name, most_bytes)
        return b"".join(self.pieces(name))

    def tree(self, name: str) -> Element | None:
        """A small part, parsed; None where there is none."""
        from defusedxml import ElementTree

        data = self.data(name, MOST_TREE_BYTES)
        if not data:
            return None
        root: Element = ElementTree.fromstring(data)
        return root

    def parts(self, name: str, through: flow.Flow) -> list[Part]:
        """The text of a part in XML, as the flow collects it; nothing where there is none."""
        return flow.parts(self.pieces(name), through) if name in self else []

    def parts_beside(self, name: str, through: flow.Flow) -> list[Part]:
        """The same of a part that a document can do without: what is damaged is left out."""
        with suppress(ValueError, EOFError, zipfile.BadZipFile, zlib.error):
            return self.parts(name, through)
        return []

    def relations(self, name: str = "") -> dict[str, Relation]:
        """What a part, or the package, refers to inside the package, by the ids it uses."""
        folder, file = posixpath.split(name)
        root = self.tree(posixpath.join(folder, "_rels", f"{file}.rels"))
        found: dict[str, Relation] = {}
        for element in root if root is not None else ():
            if element.get("TargetMode") != "External":
                target = element.get("Target", "").replace("\\", "/")
                inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                kind = element.get("Type", "").rpartition("/")[2]
                found[element.get("Id", "")] = Relation(kind, inside)
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """The parts of a kind that a part refers to and that are there."""
        return [
            relation.target
            for relation in self.relations(name).values()
            if relation.kind == kind and relation.target in self
        ]

    def main_part(self, fallback: str) -> str:
        """The name of the part that holds the document. Raises NotReadableError without one."""
        name = next(iter(self.related("", "officeDocument")), fallback)
        if name not in self:
            raise documents.damaged()
        return name

    def details(self) -> Details:
        """The title, author, date and number of pages in an Office Open XML package."""
        # What is wrong with the properties is not wrong with the document.
        try:
            core = _by_name(self.tree("docProps/core.xml"))
            extended = _by_name(self.tree("docProps/app.xml"))
        except (ValueError, SyntaxError):
            return Details()
        count = extended.get("Pages") or extended.get("Slides") or ""
        return Details(
            title=core.get("title"),
            author=core.get("creator") or core.get("lastModifiedBy"),
            taken_at=_first_date(core.get("created"), core.get("modified")),
            keywords=keywords(core.get("keywords")),
            caption=core.get("description") or core.get("subject") or None,
            pages=int(count) if _NUMBER.fullmatch(count) and int(count) else None,
        )

    def thumbnail(self) -> bytes | None:
        """The picture of the first page that some programs put into a package."""
        name = next((each for each in _THUMBNAILS if each in self), None)
        return self.data(name, MOST_PICTURE_BYTES) if name else None


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """Opens a package and turns whatever is wrong with it into a NotReadableError."""
    with faults.refused(documents.damaged), path.open("rb") as file:
        # Older documents may have whole packages inside, which are not what they are.
        if file.read(len(ole.SIGNATURE)) == ole.SIGNATURE:
            raise _no_package(path, file)
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as error:
            raise _no_package(path, file) from error
        with archive:
            yield Package(archive)


def probe_of(types: bytes) -> Callable[[Path], bool]:
    """A probe for the Office Open XML packages whose main part is of a type, as an expression."""
    expression = re.compile(types)

    def probe(path: Path) -> bool:
        try:
            with opened(path) as package:
                return bool(expression.search(package.data(_CONTENT_TYPES, MOST_TREE_BYTES) or b""))
        except NotReadableError:
            return False

    return probe


def keywords(written: str | None) -> tuple[str, ...]:
    """The keywords in a list that is set apart by commas or semicolons."""
    return tuple(filter(None, (word.strip() for word in re.split("[,;，；]", written or ""))))


def _no_package(path: Path, file: IO[bytes]) -> NotReadableError:
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if ole.has_stream(file, "EncryptedPackage"):
        return documents.encrypted()
    is_ours = head.startswith(SIGNATURE[0])
    return (None if is_ours else faults.misnamed(path, head)) or documents.damaged()


def _by_name(root: Element | None) -> dict[str, str]:
    return {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for element in (root if root is not None else ())
    }


def _first_date(*written: str | None) -> datetime | None:
    return next(filter(None, map(documents.when, written)), None)


def _too_large() -> NotReadableError:
    return NotReadableError(
        SkipReason.TOO_LARGE,
        "The document unpacks to more than Keepsight reads and may be made to do harm. "
        "Save it in smaller ones to have it searched.",
    )
