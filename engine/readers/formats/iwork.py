"""Reads Pages, Numbers and Keynote files by the preview that they carry: a PDF or a picture."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.readers.family import Family, NotReadableError
from engine.readers.formats import pdf
from engine.readers.packages import documents, office
from engine.readings import Details, Kind, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image

_MARKS = ("Index/Document.iwa", "buildVersionHistory.plist")
"""What the files have in them since 2013, and what they had before."""
_PDF = "QuickLook/Preview.pdf"
_PICTURES = ("preview.jpg", "QuickLook/Thumbnail.jpg", "preview-web.jpg")
_LOCKS = (".iwpv2", ".iwph")

Result = TypeVar("Result")


def read(path: Path, spec: PixelSpec) -> Reading:
    """The pages of the preview; where it is but a picture, text is to be looked for in it."""
    with office.opened(path) as package:
        pages = _of_pdf(package, lambda preview: pdf.read(preview, spec))
        if pages is not None:
            return pages
        first = documents.first_page(_picture(package), spec)
        if first:
            return documents.reading((), Details(), pictures=first, textless=(1,))
        if any(name in package for name in _LOCKS):
            raise documents.encrypted()
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            "The document carries no preview, which is all that Keepsight reads of such files. "
            "Save a copy as PDF to have it searched.",
        )


def picture(path: Path, spot: Spot, edge_px: int) -> Image.Image:
    """A page of the preview, or the picture of the first."""
    with office.opened(path) as package:
        page = _of_pdf(package, lambda preview: pdf.picture(preview, spot, edge_px))
        return page if page is not None else documents.preview(_picture(package), edge_px)


def probe(path: Path) -> bool:
    """Whether a ZIP file has what such documents are made of."""
    try:
        with office.opened(path) as package:
            return any(name in package for name in _MARKS)
    except NotReadableError:
        return False


FAMILY = Family(
    name="iwork",
    kind=Kind.DOCUMENT,
    # Keynote's are told by their bytes alone: other files named .key are cryptographic keys.
    extensions=frozenset((".pages", ".numbers")),
    decoders=pdf.FAMILY.decoders,
    signatures=(office.SIGNATURE,),
    probe=probe,
    read=read,
    picture=picture,
)


def _of_pdf(package: office.Package, look: Callable[[Path], Result]) -> Result | None:
    """What is made of the preview's pages; None where there are none that can be read."""
    with suppress(NotReadableError), tempfile.TemporaryDirectory(prefix="keepsight-") as folder:
        if data := package.data(_PDF):
            preview = Path(folder, "preview.pdf")
            preview.write_bytes(data)
            return look(preview)
    return None


def _picture(package: office.Package) -> bytes | None:
    name = next((each for each in _PICTURES if each in package), None)
    return package.data(name, office.MOST_PICTURE_BYTES) if name else None
