"""Makes the Reading of a document out of its text and of what it says of itself."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from engine.readers.family import NotReadableError
from engine.readers.texts import titles
from engine.readings import DateSource, Details, Kind, Picture, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image

    from engine.readers.texts.passages import Part

FIRST_YEAR = 1980
"""Documents that claim to be older have a clock that was never set."""
MOST_EMBEDDED_PIXELS = 50_000_000
"""Of a preview or a cover that lies in a document."""
AUTHOR_CHARS = 200

_EMBEDDED_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")


def reading(
    parts: Iterable[Part],
    details: Details,
    *,
    pictures: tuple[Picture, ...] = (),
    textless: tuple[int, ...] = (),
    is_prose: bool = True,
) -> Reading:
    """The reading of a document: its passages, and if it is prose, what language it is in.

    Raises NotReadableError where there is neither text nor a picture.
    """
    from engine.readers.texts import language, passages

    found = tuple(passages.split_parts(parts))
    if not (found or pictures or textless):
        raise NotReadableError(
            SkipReason.NO_TEXT, "There are no words in the file: nothing in it can be searched."
        )
    spoken = language.of(passage.text for passage in found) if is_prose else None
    details = replace(
        details,
        title=titles.tidy(details.title),
        author=" ".join((details.author or "").split())[:AUTHOR_CHARS] or None,
        taken_from=DateSource.DOCUMENT if details.taken_at else None,
        language=details.language or spoken,
    )
    return Reading(
        kind=Kind.DOCUMENT,
        passages=found,
        details=details,
        pictures=pictures,
        textless=textless,
    )


def when(written: str | None) -> datetime | None:
    """A date in ISO 8601, as XML has it; None where it is none, or one that cannot be."""
    with suppress(ValueError):
        return believable(datetime.fromisoformat((written or "").strip()))
    return None


def believable(date: datetime | None) -> datetime | None:
    """The date, unless it lies before documents were written on computers or in the future."""
    if date is None:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    with suppress(OverflowError):
        if date.year >= FIRST_YEAR and aware <= datetime.now(UTC) + timedelta(days=1):
            return date
    return None


def damaged() -> NotReadableError:
    """That a document cannot be made sense of."""
    return NotReadableError(
        SkipReason.CORRUPT,
        "The document is damaged or incomplete. Replace it by a good copy and it is read again.",
    )


def encrypted() -> NotReadableError:
    """That a document asks for a password."""
    return NotReadableError(
        SkipReason.ENCRYPTED,
        "The document is protected by a password. Save a copy without one to have it searched.",
    )


def embedded_picture(data: bytes, edge_px: int) -> Image.Image | None:
    """A picture that lies in a document, in RGB, at most `edge_px` on its longer side.

    None where it is in a format of drawings (EMF, WMF), too large or damaged.
    """
    from PIL import Image

    from engine.readers.pictures import pixels

    # What is wrong with a preview is not wrong with the document.
    with (
        suppress(Exception),
        Image.open(io.BytesIO(data), formats=_EMBEDDED_FORMATS) as image,
    ):
        if image.width * image.height <= MOST_EMBEDDED_PIXELS:
            # Closing the image ends what was made of it without a change.
            flat = pixels.rgb(image, edge_px).copy()
            flat.thumbnail((edge_px, edge_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
            return flat
    return None


def first_page(data: bytes | None, spec: PixelSpec) -> tuple[Picture, ...]:
    """The picture of the first page that a document carries, where it carries one."""
    import numpy as np

    from engine.readers.pictures import pixels

    image = embedded_picture(data, 2 * spec.edge_px) if data else None
    if image is None:
        return ()
    return (Picture(np.asarray(pixels.fitted(image, spec)), Spot(page=1)),)


def preview(data: bytes | None, edge_px: int) -> Image.Image:
    """The same for people. Raises NotReadableError where there is none."""
    image = embedded_picture(data, edge_px) if data else None
    if image is None:
        raise NotReadableError(
            SkipReason.UNSUPPORTED, "The document carries no picture of its pages."
        )
    return image
