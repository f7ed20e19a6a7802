"""Reads PDF documents: the text and a picture of each page, notes, form fields, attachments."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import faults
from engine.readers.family import Family, MemberFile, NotReadableError
from engine.readers.packages import documents, members, office
from engine.readers.texts import printed
from engine.readers.texts.passages import Part
from engine.readings import Details, Kind, Picture, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image
    from pypdfium2 import PdfAttachment, PdfDocument, PdfPage

MOST_PAGES = 3000
"""Of longer documents, the beginning is read."""
MOST_CHARACTERS = 3_000_000
MOST_PICTURES = 100
"""How many pages are drawn, the first ones."""
TIME_FOR_TEXT_S = 12.0
TIME_FOR_PICTURES_S = 8.0
"""Pages whose turn comes later are not drawn, and one that takes longer stays as far as it is."""
MOST_DRAWN_PIXELS = 16_000_000
MOST_NOTES = 500
"""Annotations and form fields of one page."""
FEW_LETTERS = 12
"""A page with fewer, that shows something, is taken for a scan."""

_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+\-])(\d\d)'?(\d\d)?|(Z))?")


def read(path: Path, spec: PixelSpec) -> Reading:
    """The passages and pictures of the pages, and which of them have no text of their own."""
    with _opened(path) as document:
        pages = _Pages(spec)
        for number in range(1, min(len(document), MOST_PAGES) + 1):
            if not pages.add(document, number):
                break
        if not pages.read:
            raise documents.damaged()
        return documents.reading(
            pages.parts,
            _details(document),
            pictures=tuple(pages.pictures),
            textless=tuple(pages.textless),
        )


def picture(path: Path, spot: Spot, edge_px: int) -> Image.Image:
    """A page, the first where none is named, at most `edge_px` on its longer side."""
    with _opened(path) as document:
        number = min(max(spot.page or 1, 1), len(document))
        with _page(document, number) as page:
            return _drawn(page, edge_px / max(page.get_size()), TIME_FOR_PICTURES_S)


def attachments(path: Path) -> Iterator[MemberFile]:
    """The files that are attached to a document."""
    allowance = members.Allowance()
    with _opened(path) as document:
        for index in range(document.count_attachments()):
            if allowance.is_spent:
                return
            attachment = document.get_attachment(index)
            name = members.cleaned(attachment.get_name()) or f"attachment {index + 1}"
            data = _attached(attachment)
            yield allowance.member(name, len(data), partial(bytes, data))


FAMILY = Family(
    name="pdf",
    kind=Kind.DOCUMENT,
    version=2,
    extensions=frozenset((".pdf",)),
    decoders=(
        "engine.readers.texts.passages",
        "engine.readers.pictures.pixels",
        "py3langid.langid",
        "pypdfium2",
        "pypdfium2.raw",
    ),
    # Some writers put something before it, and readers look for it in the first bytes.
    signatures=({0: b"%PDF-"}, {0: b"\xef\xbb\xbf%PDF-"}, {0: b"\r\n%PDF-"}, {0: b"\n%PDF-"}),
    read=read,
    picture=picture,
    members=attachments,
)


@dataclass(slots=True)
class _Pages:
    """What is collected of the pages, one after the other, while there is time."""

    spec: PixelSpec
    parts: list[Part] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    textless: list[int] = field(default_factory=list)
    read: int = 0
    _characters: int = 0
    _drawing_s: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def add(self, document: PdfDocument, number: int) -> bool:
        """Takes in a page; says whether there is time and room for more."""
        from pypdfium2 import PdfiumError

        # A page that is damaged leaves the others.
        with suppress(PdfiumError), _page(document, number) as page:
            self._add_text(page, number)
            self._add_picture(page, number)
            self.read += 1
        taken_s = time.monotonic() - self._began - self._drawing_s
        return taken_s < TIME_FOR_TEXT_S and self._characters < MOST_CHARACTERS

    def _add_text(self, page: PdfPage, number: int) -> None:
        with closing(page.get_textpage()) as text_page:
            text = printed.running(text_page.get_text_range())
        is_unexplained = printed.is_unexplained(text)
        if is_unexplained:
            text = ""
        if is_unexplained or (printed.letters(text) < FEW_LETTERS and _shows_something(page)):
            self.textless.append(number)
        whole = "\n\n".join(filter(None, (text, *_notes(page))))
        self._characters += len(whole)
        self.parts.append(Part(whole, number))

    def _add_picture(self, page: PdfPage, number: int) -> None:
        import numpy as np

        from engine.readers.pictures import pixels

        left_s = TIME_FOR_PICTURES_S - self._drawing_s
        if len(self.pictures) >= MOST_PICTURES or left_s <= 0:
            return
        began = time.monotonic()
        # Half as large again as is asked for, so that fine lines are averaged.
        image = _drawn(page, 1.5 * self.spec.edge_px / min(page.get_size()), left_s)
        fitted = np.asarray(pixels.fitted(image, self.spec))
        self.pictures.append(Picture(fitted, Spot(page=number)))
        self._drawing_s += time.monotonic() - began


@contextmanager
def _opened(path: Path) -> Iterator[PdfDocument]:
    import pypdfium2

    with faults.refused(documents.damaged):
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise _refused(error.err_code) from error
        with document:
            yield document


def _refused(code: int | None) -> NotReadableError:
    from pypdfium2 import raw

    if code == raw.FPDF_ERR_PASSWORD:
        return documents.encrypted()
    if code == raw.FPDF_ERR_SECURITY:
        return NotReadableError(
            SkipReason.ENCRYPTED,
            "The document is protected in a way that Keepsight cannot open. "
            "Save a copy without protection to have it searched.",
        )
    return documents.damaged()


@contextmanager
def _page(document: PdfDocument, number: int) -> Iterator[PdfPage]:
    from pypdfium2 import PdfiumError

    page = document[number - 1]
    try:
        if not min(page.get_size()) > 0:
            raise PdfiumError("The page has no size.")
        yield page
    finally:
        page.close()


def _drawn(page: PdfPage, scale: float, seconds: float) -> Image.Image:
    """The page as far as it is drawn when the time is over."""
    from pypdfium2 import PdfBitmap, PdfiumError, raw

    width, height = page.get_size()
    scale = min(scale, (MOST_DRAWN_PIXELS / (width * height)) ** 0.5)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    if size[0] * size[1] > MOST_DRAWN_PIXELS:
        raise PdfiumError("The page is a line.")
    until = time.monotonic() + seconds
    pause = raw.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > until)
    with closing(PdfBitmap.new_native(*size, raw.FPDFBitmap_BGR)) as bitmap:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        flags = raw.FPDF_ANNOT | raw.FPDF_RENDER_LIMITEDIMAGECACHE
        raw.FPDF_RenderPageBitmap_Start(bitmap, page, 0, 0, *size, 0, flags, pause)
        raw.FPDF_RenderPage_Close(page)
        # The bitmap's memory ends with it.
        image: Image.Image = bitmap.to_pil().copy()
        return image


def _shows_something(page: PdfPage) -> bool:
    """Whether there is more on a page than text: a picture, or lines that may be letters."""
    from pypdfium2 import raw

    shown = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
    return next(page.get_objects(filter=shown, max_depth=5), None) is not None


def _notes(page: PdfPage) -> list[str]:
    """What was written on a page and into its form, each only once."""
    from pypdfium2 import raw

    found: dict[str, None] = {}
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_NOTES)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        is_field = raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET
        found[printed.running(_string(annotation, b"V" if is_field else b"Contents"))] = None
        raw.FPDFPage_CloseAnnot(annotation)
    return [text for text in found if len(text) > 1]


def _string(annotation: object, key: bytes) -> str:
    import ctypes

    from pypdfium2 import raw

    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 0 < size < MOST_CHARACTERS:
        return ""
    buffer = ctypes.create_string_buffer(size)
    pointer = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR))
    raw.FPDFAnnot_GetStringValue(annotation, key, pointer, size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _details(document: PdfDocument) -> Details:
    found = document.get_metadata_dict()
    return Details(
        title=found.get("Title"),
        author=found.get("Author"),
        taken_at=_date(found.get("CreationDate")) or _date(found.get("ModDate")),
        keywords=office.keywords(found.get("Keywords")),
        caption=found.get("Subject") or None,
        pages=len(document),
    )


def _date(written: str | None) -> datetime | None:
    """A date as PDF has it (ISO 32000-1, 7.9.4)."""
    found = _DATE.match(written or "")
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups()[:6]
    sign, hours, minutes, zulu = found.groups()[6:]
    zone: timezone | None = UTC if zulu else None
    with suppress(ValueError):
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(offset if sign == "+" else -offset)
        date = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=zone,
        )
        return documents.believable(date)
    return None


def _attached(attachment: PdfAttachment) -> bytes:
    from pypdfium2 import PdfiumError

    try:
        return bytes(attachment.get_data())
    except PdfiumError:
        return b""
