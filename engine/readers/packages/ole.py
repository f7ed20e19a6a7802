"""Looks into OLE containers: older office documents, and newer ones behind a password."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import HEAD_BYTES, NotReadableError
from engine.readers.packages import documents, properties
from engine.readings import Details, SkipReason

if TYPE_CHECKING:
    from olefile import OleFileIO

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_STREAM_BYTES = 256 << 20

_STREAM = 2
_SUMMARY, _MORE = "\x05SummaryInformation", "\x05DocumentSummaryInformation"


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[OleFileIO]:
    """An open container. Raises NotReadableError where it is damaged."""
    import olefile

    with faults.refused(documents.damaged):
        source = str(file) if isinstance(file, Path) else file
        with olefile.OleFileIO(source) as container:
            yield container


@contextmanager
def document(path: Path, name: str) -> Iterator[OleFileIO]:
    """An open document from before 2007, whose text is in the stream of this name.

    Raises NotReadableError where the file is none, is damaged or asks for a password.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head.startswith(SIGNATURE):
        raise faults.misnamed(path, head) or documents.damaged()
    with opened(path) as container:
        if container.exists("EncryptedPackage"):
            raise documents.encrypted()
        if not container.exists(name):
            raise NotReadableError(
                SkipReason.UNSUPPORTED,
                "The file is of an older program that Keepsight does not know, or damaged. "
                "Open it in that program and save it as a PDF to have it searched.",
            )
        _refuse_sizes(container)
        yield container


def has_stream(file: Path | IO[bytes], *names: str) -> bool:
    """Whether a file is a container with a stream of one of these names."""
    try:
        with opened(file) as container:
            return any(container.exists(name) for name in names)
    except NotReadableError:
        return False


def stream(container: OleFileIO, name: str) -> bytes:
    """What is in a stream. Raises NotReadableError where there is none."""
    if not container.exists(name):
        raise documents.damaged()
    with container.openstream(name) as data:
        content: bytes = data.read(MOST_STREAM_BYTES)
    return content


def refuse_circles(container: OleFileIO) -> None:
    """Raises NotReadableError where a chain of sectors leads back to itself.

    WORKAROUND calamine 0.9 follows such chains until there is no memory left: until it does not.
    """
    entries = [entry for entry in container.direntries if entry is not None]
    large = [entry.isectStart for entry in entries if not entry.is_minifat]
    for start in (container.first_dir_sector, container.first_mini_fat_sector, *large):
        _refuse_circle(start, container.fat)
    small = [entry.isectStart for entry in entries if entry.is_minifat]
    if small:
        container.loadminifat()
    for start in small:
        _refuse_circle(start, container.minifat)
    sector, steps = container.first_difat_sector, 0
    while sector < container.nb_sect:
        # The last number in a sector of this table names the next one.
        sector = int.from_bytes(container.getsect(sector)[-4:], "little")
        steps += 1
        if steps > container.nb_sect:
            raise documents.damaged()


def _refuse_sizes(container: OleFileIO) -> None:
    """Of sectors in a circle olefile reads as many as a stream claims to have."""
    most_bytes = len(container.fat) * container.sectorsize
    entries = (entry for entry in container.direntries if entry is not None)
    if any(entry.size > most_bytes for entry in entries if entry.entry_type == _STREAM):
        raise documents.damaged()


def _refuse_circle(sector: int, following: Sequence[int]) -> None:
    for _ in range(len(following) + 1):
        if sector >= len(following):
            return
        sector = following[sector]
    raise documents.damaged()


def details(container: OleFileIO) -> Details:
    """The title, author, date and number of pages that a document says it has."""
    summary = _properties(container, _SUMMARY)
    more = _properties(container, _MORE)
    pages = summary.get(properties.PAGES) or more.get(properties.SLIDES)
    return Details(
        title=_text(summary.get(properties.TITLE)),
        author=_text(summary.get(properties.AUTHOR)),
        taken_at=_date(summary.get(properties.CREATED)) or _date(summary.get(properties.SAVED)),
        pages=pages if isinstance(pages, int) and pages > 0 else None,
    )


def text_encoding(container: OleFileIO) -> str:
    """The encoding in which a document has texts of eight bits, by its properties."""
    return properties.encoding_of(_properties(container, _SUMMARY).get(properties.CODE_PAGE))


def _properties(container: OleFileIO, name: str) -> dict[int, properties.Value]:
    # What is wrong with the properties is not wrong with the document.
    with suppress(Exception):
        return properties.properties(stream(container, name))
    return {}


def _text(value: properties.Value | None) -> str | None:
    return value if isinstance(value, str) else None


def _date(value: properties.Value | None) -> datetime | None:
    return documents.believable(value) if isinstance(value, datetime) else None
