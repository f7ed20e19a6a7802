"""Reads workbooks (XLSX, XLSB, XLS): the cells of each sheet, comments, drawings and charts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import Family, NotReadableError
from engine.readers.packages import documents, office, ole
from engine.readers.texts.passages import Part
from engine.readings import Kind, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image
    from python_calamine import CalamineWorkbook

MOST_SHEETS = 500
MOST_ROWS = 200_000
"""Of a longer sheet, the beginning is read."""
MOST_CHARACTERS = 3_000_000
"""Of one sheet."""
MOST_SPAN = 20_000_000
"""Cells of one sheet from the first row to the last and to the last column, 32 bytes each."""
MOST_UNPACKED_BYTES = 512 << 20
"""Of all sheets together, which the decoder unpacks itself."""

_SHEETS = r"xl/(worksheets/.*|sharedstrings|styles|workbook|metadata)\.(xml|bin)"
_BESIDE = {
    r"xl/(comments\d*|threadedcomments/.*)\.xml": "Comments",
    r"xl/drawings/drawing\d*\.xml": "Drawings",
    r"xl/charts/chart\d*\.xml": "Charts",
}
"""The parts beside the sheets that hold text, and the sections that it is in."""
_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>/]*>")


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages of a workbook, each with its sheet, and its details."""
    with path.open("rb") as file:
        is_old = file.read(len(ole.SIGNATURE)) == ole.SIGNATURE
    if is_old:
        return _read_old(path)
    with office.opened(path) as package:
        _refuse_bomb(package)
        beside = [
            part
            for names, section in _BESIDE.items()
            for name in package.names(names)
            for part in package.parts_beside(name, office.Text(section=section))
        ]
        return documents.reading(
            (*_parts(path), *beside),
            package.details(),
            pictures=documents.first_page(package.thumbnail(), spec),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The picture of the first sheet that the workbook carries."""
    with office.opened(path) as package:
        return documents.preview(package.thumbnail(), edge_px)


_is_package = office.probe_of(rb"(spreadsheetml|ms-excel)\.[\w.]*main\b")


def probe(path: Path) -> bool:
    """Whether a ZIP or an OLE file is a workbook."""
    return _is_package(path) or ole.has_stream(path, "Workbook", "Book")


FAMILY = Family(
    name="sheets",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".xlsx", ".xlsm", ".xltx", ".xltm", ".xlsb", ".xls", ".xlt")),
    decoders=(
        "defusedxml.ElementTree",
        "engine.readers.texts.passages",
        "engine.readers.pictures.pixels",
        "olefile",
        "py3langid.langid",
        "python_calamine",
    ),
    signatures=(office.SIGNATURE, {0: ole.SIGNATURE}),
    probe=probe,
    read=read,
    picture=picture,
)


def _read_old(path: Path) -> Reading:
    if ole.has_stream(path, "EncryptedPackage"):
        raise documents.encrypted()
    with ole.opened(path) as container:
        ole.refuse_circles(container)
        return documents.reading(_parts(path), ole.details(container))


def _parts(path: Path) -> Iterator[Part]:
    with faults.refused(documents.damaged), _workbook(path) as workbook:
        for name in islice(workbook.sheet_names, MOST_SHEETS):
            yield Part(_sheet(workbook, name), section=name)


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            yield workbook
    except python_calamine.PasswordError as error:
        raise documents.encrypted() from error
    # A decoder that gives up (a panic) must not take the files after this one with it.
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise documents.damaged() from error
        raise


def _sheet(workbook: CalamineWorkbook, name: str) -> str:
    """The sheet's name, then its rows that hold something, a line each."""
    from python_calamine import CalamineError

    try:
        rows = workbook.get_sheet_by_name(name).iter_rows()
    except CalamineError:
        # Sheets that are charts or macros have no cells.
        return ""
    lines: list[str] = []
    characters = 0
    for row in islice(rows, MOST_ROWS):
        line = "\t".join(filter(None, map(_shown, row)))
        characters += len(line)
        if characters > MOST_CHARACTERS:
            break
        if line:
            lines.append(line)
    return "\n".join([name, *lines]) if lines else ""


def _shown(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return " ".join(str(cell).split())


def _refuse_bomb(package: office.Package) -> None:
    """The decoder unpacks without limits, and makes room for every cell that a sheet spans."""
    names = package.names(_SHEETS)
    if sum(package.size(name) for name in names) > MOST_UNPACKED_BYTES:
        raise _too_large()
    for name in names:
        package.check(name)
        if name.endswith(".xml") and "/worksheets/" in name:
            _refuse_span(package.data(name) or b"")


def _refuse_span(sheet: bytes) -> None:
    top, bottom, right = 0, 0, 0
    for cell in _CELL.finditer(sheet):
        row, column = int(cell[2]), _column(cell[1])
        top, bottom, right = min(top or row, row), max(bottom, row), max(right, column)
    if (bottom - top + 1) * right > MOST_SPAN:
        raise _too_large()


@cache
def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _too_large() -> NotReadableError:
    return NotReadableError(
        SkipReason.TOO_LARGE,
        "The workbook spans more cells than Keepsight reads. Save its sheets in smaller workbooks, "
        "without cells far away from the others, to have it searched.",
    )
