"""Reads photos: JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF, JPEG 2000, Photoshop and PNM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers.family import Family
from engine.readers.pictures import opening, tiff
from engine.readings import WHOLE, Kind, Picture, PixelSpec, Reading, Spot

if TYPE_CHECKING:
    from PIL import Image

_SIDEWAYS = (5, 6, 7, 8)


def read(path: Path, spec: PixelSpec) -> Reading:
    """The photo, fitted to `spec`, and what it says of itself; of a TIFF each of its pages."""
    from engine.readers.metadata import details

    with opening.opened(path, path) as image:
        parts = details.parts_of(image)
        width, height = image.size
        # The size that Pillow gives of a TIFF is that of the upright picture.
        if parts.orientation in _SIDEWAYS and image.format != "TIFF":
            width, height = height, width
        known = details.details_of(parts, path, width, height)
        pictures = tuple(_pictures(image, parts.orientation, spec))
        if len(pictures) > 1:
            known = replace(known, pages=len(pictures))
        return Reading(kind=Kind.PHOTO, pictures=pictures, details=known)


def picture(path: Path, spot: Spot, edge_px: int) -> Image.Image:
    """The photo, or one page of it, in sRGB, upright, at most `edge_px` on its longer side."""
    from engine.readers.metadata import details
    from engine.readers.pictures import frames, rendering

    with opening.opened(path, path) as image:
        orientation = details.parts_of(image).orientation
        if spot.page is not None:
            frames.turn_to(image, spot.page)
        return frames.telling(image, lambda: rendering.scaled(image, orientation, edge_px))


def _pictures(image: Image.Image, orientation: int, spec: PixelSpec) -> Iterator[Picture]:
    import numpy as np

    from engine.readers.pictures import frames, rendering

    drawn = frames.pages(
        image,
        lambda: frames.telling(image, lambda: rendering.fitted(image, orientation, spec)),
    )
    is_alone = len(drawn) == 1
    for page, flat in drawn:
        yield Picture(np.asarray(flat), WHOLE if is_alone else Spot(page=page))


FAMILY = Family(
    name="photo",
    version=3,
    kind=Kind.PHOTO,
    extensions=frozenset(
        (
            *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif"),
            *(".tif", ".tiff", ".bmp", ".dib", ".heic", ".heif", ".hif", ".avif"),
            *(".jp2", ".j2k", ".jpf", ".jpx", ".psd", ".pbm", ".pgm", ".ppm", ".pnm"),
        )
    ),
    decoders=(
        "engine.readers.pictures.frames",
        "engine.readers.metadata.details",
        "engine.readers.pictures.rendering",
        *opening.DECODERS,
    ),
    signatures=opening.SIGNATURES,
    probe=lambda path: not tiff.is_raw(path),
    read=read,
    picture=picture,
)
