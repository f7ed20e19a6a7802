"""Looks into OLE containers: older office documents, and newer ones behind a password."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from engine.readers.family import NotReadableError
from engine.readers.packages import documents
from engine.readings import Details

if TYPE_CHECKING:
    from olefile import OleFileIO

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_STREAM_BYTES = 256 << 20

_UTF8 = 65001


@contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[OleFileIO]:
    """An open container. Raises NotReadableError where it is damaged."""
    import olefile

    with documents.damage_refused():
        source = str(file) if isinstance(file, Path) else file
        with olefile.OleFileIO(source) as container:
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


def _refuse_circle(sector: int, following: Sequence[int]) -> None:
    for _ in range(len(following) + 1):
        if sector >= len(following):
            return
        sector = following[sector]
    raise documents.damaged()


def details(container: OleFileIO) -> Details:
    """The title, author, date and number of pages that a document says it has."""
    # What is wrong with the properties is not wrong with the document.
    with suppress(Exception):
        found = container.get_metadata()
        encoding = _encoding(found.codepage)
        return Details(
            title=_text(found.title, encoding),
            author=_text(found.author, encoding),
            taken_at=_date(found.create_time) or _date(found.last_saved_time),
            pages=found.num_pages or found.slides or None,
        )
    return Details()


def _encoding(codepage: int | None) -> str:
    # Code pages are signed 16-bit numbers in the file.
    number = (codepage or 1252) & 0xFFFF
    name = "utf-8" if number == _UTF8 else f"cp{number}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"


def _text(value: bytes | str | None, encoding: str) -> str | None:
    return value.decode(encoding, "replace") if isinstance(value, bytes) else value


def _date(value: object) -> datetime | None:
    # olefile gives the time in UTC, and says so nowhere.
    return documents.believable(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else None
