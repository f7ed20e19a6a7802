"""Reads JPEG XL photos, where its decoder is installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readers import whole
from engine.readers.family import Family, NotReadableError
from engine.readers.pictures import opening
from engine.readings import Kind, Picture, PixelSpec, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image

    from engine.readers.metadata.details import Parts

MOST_BYTES = 512 << 20
DECODE_LIMIT_S = 20.0

_UPRIGHT = 1
"""The decoder turns pictures itself, whatever their EXIF says."""
_TIFF_HEAD = re.compile(rb"II\*\0|MM\0\*")


def read(path: Path, spec: PixelSpec) -> Reading:
    """The photo, fitted to `spec`, and what it says of itself; of an animation the first frame."""
    import numpy as np

    from engine.readers.metadata import details
    from engine.readers.pictures import rendering

    with _decoded(path) as (image, parts):
        return Reading(
            kind=Kind.PHOTO,
            details=details.details_of(parts, path, *image.size),
            pictures=(Picture(np.asarray(rendering.fitted(image, _UPRIGHT, spec))),),
        )


def picture(path: Path, _spot: Spot, edge_px: int) -> Image.Image:
    """The photo in sRGB, upright, at most `edge_px` on its longer side."""
    from engine.readers.pictures import rendering

    with _decoded(path) as (image, _parts):
        return rendering.scaled(image, _UPRIGHT, edge_px)


FAMILY = Family(
    name="jpeg xl",
    kind=Kind.PHOTO,
    version=2,
    extensions=frozenset((".jxl",)),
    decoders=("engine.readers.metadata.details", "engine.readers.pictures.rendering"),
    signatures=({0: b"\xff\x0a"}, {0: b"\0\0\0\x0cJXL \r\n\x87\n"}),
    read=read,
    picture=picture,
)


@contextmanager
def _decoded(path: Path) -> Iterator[tuple[Image.Image, Parts]]:
    try:
        import pylibjxl
    except ImportError:
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            "There is no decoder of JPEG XL for this computer. Save a copy as JPEG or AVIF.",
        ) from None
    from PIL import Image

    data = whole.data(
        path, MOST_BYTES, noun="photo", advice="Save a smaller copy to have it found."
    )
    with opening.guarded():
        try:
            claims = pylibjxl.probe(data)
        except Exception as error:
            raise opening.unidentified(path, FAMILY.signatures) from error
        opening.refuse_bomb(claims["width"], claims["height"])
        values, extras = pylibjxl.decode(data, metadata=True, timeout=DECODE_LIMIT_S)
        image = Image.fromarray(values[..., 0] if values.shape[2:] == (1,) else values)
        if "icc" in extras:
            image.info["icc_profile"] = extras["icc"]
        yield image, _parts(extras)


def _parts(extras: dict[str, bytes]) -> Parts:
    from PIL import Image

    from engine.readers.metadata.details import Parts

    exif = Image.Exif()
    # Damaged metadata spoils no photo.
    with suppress(Exception):
        # Writers differ in what they put before it.
        if found := _TIFF_HEAD.search(block := extras.get("exif", b"")):
            exif.load(block[found.start() :])
    return Parts(exif=exif, xmp=extras.get("xmp"))
