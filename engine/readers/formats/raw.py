"""Reads the raw files of cameras by the preview inside them, which the camera developed itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.companions import RAW_EXTENSIONS
from engine.readers.family import Family, NotReadableError
from engine.readers.pictures import opening, tiff
from engine.readings import Kind, Picture, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    import rawpy
    from PIL import Image

    from engine.readers.metadata.details import Parts

LEAST_PREVIEW_PX = 480
"""Of the longer side: where the preview is smaller, the raw picture itself is developed."""

_ORIENTATIONS = {3: 3, 5: 8, 6: 6}
"""EXIF's numbers by LibRaw's."""
_SIDEWAYS = (5, 6)
_TIFFS = ({0: b"II*\0"}, {0: b"MM\0*"})
_OWN_HEADS = (
    {0: b"IIRO"},
    {0: b"IIRS"},
    {0: b"MMOR"},
    {0: b"IIU\0"},
    {0: b"FUJIFILMCCD-RAW"},
    {4: b"ftypcrx "},
    {0: b"FOVb"},
)
"""Olympus, Panasonic, Fujifilm, Canon (CR3) and Sigma."""


def read(path: Path, spec: PixelSpec) -> Reading:
    """The photo as its preview shows it, fitted to `spec`, and what the camera wrote."""
    import numpy as np

    from engine.readers.metadata import details
    from engine.readers.pictures import rendering

    with _opened(path) as raw:
        width, height = raw.sizes.width, raw.sizes.height
        if raw.sizes.flip in _SIDEWAYS:
            width, height = height, width
        with _developed(raw, path) as (image, orientation):
            return Reading(
                kind=Kind.PHOTO,
                details=details.details_of(_parts(path, image), path, width, height),
                pictures=(Picture(np.asarray(rendering.fitted(image, orientation, spec))),),
            )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The photo as its preview shows it, upright, at most `edge_px` on its longer side."""
    from engine.readers.pictures import rendering

    with _opened(path) as raw, _developed(raw, path) as (image, orientation):
        return rendering.scaled(image, orientation, edge_px)


FAMILY = Family(
    name="raw photo",
    kind=Kind.PHOTO,
    version=2,
    extensions=RAW_EXTENSIONS,
    decoders=("rawpy", "engine.readers.metadata.raw", "engine.readers.pictures.rendering"),
    signatures=(*_TIFFS, *_OWN_HEADS),
    probe=lambda path: tiff.is_raw(path) or not tiff.is_tiff(path),
    read=read,
    picture=picture,
)


@contextmanager
def _opened(path: Path) -> Iterator[rawpy.RawPy]:
    import rawpy

    with opening.guarded():
        try:
            raw = rawpy.imread(str(path))
        except rawpy.LibRawError as error:
            mistaken = opening.unidentified(path, FAMILY.signatures)
            if mistaken.failure.reason is SkipReason.WRONG_TYPE:
                raise mistaken from error
            if isinstance(error, rawpy.LibRawFileUnsupportedError):
                raise _unknown() from error
            raise
        with raw:
            yield raw


@contextmanager
def _developed(raw: rawpy.RawPy, path: Path) -> Iterator[tuple[Image.Image, int]]:
    """The preview, and how it is to be turned; the raw picture itself where there is none."""
    import numpy as np
    import rawpy
    from PIL import Image

    orientation = _ORIENTATIONS.get(raw.sizes.flip, 1)
    preview: rawpy.Thumbnail | None = None
    with suppress(rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError):
        preview = raw.extract_thumb()
    if preview is not None and isinstance(preview.data, bytes):
        with opening.opened(preview.data, path) as image:
            if max(image.size) >= LEAST_PREVIEW_PX:
                yield image, 1 if _is_turned(image, raw.sizes) else orientation
                return
    elif preview is not None:
        bitmap = Image.fromarray(np.asarray(preview.data))
        if max(bitmap.size) >= LEAST_PREVIEW_PX:
            yield bitmap, orientation
            return
    opening.refuse_bomb(raw.sizes.raw_width, raw.sizes.raw_height)
    # It comes out upright, and in sRGB.
    yield Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True)), 1


def _is_turned(preview: Image.Image, sizes: rawpy.ImageSizes) -> bool:
    """Whether the camera stored the preview of a picture on its side upright already."""
    is_wide = sizes.width > sizes.height
    return sizes.flip in _SIDEWAYS and (preview.width > preview.height) != is_wide


def _parts(path: Path, preview: Image.Image) -> Parts:
    """What the raw file says, else what its preview does: cameras differ in where they write it."""
    from PIL import ExifTags

    from engine.readers.metadata import details, raw

    own, inner = raw.parts_of(path), details.parts_of(preview)
    has_date = own.exif is not None and bool(
        own.exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        or own.exif.get(ExifTags.Base.DateTimeOriginal)
    )
    return own if has_date or not inner.exif else inner


def _unknown() -> NotReadableError:
    return NotReadableError(
        SkipReason.UNSUPPORTED,
        "Keepsight does not know this kind of raw file, or it is damaged. "
        "Save a JPEG beside it to have the photo found.",
    )
