"""Opens photos: JPEG, PNG, WebP, GIF, TIFF and BMP, upright and in RGB.

The only module that opens pictures with Pillow, which is imported when it first does.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.paths import shown
from engine.readers import seems
from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.records import Kind, PixelSpec, Reading, SkipReason

if TYPE_CHECKING:
    from PIL import Image

PLUGINS = ("Jpeg", "Png", "WebP", "Gif", "Tiff", "Bmp")
"""Pillow's modules of the formats that are opened, and no others."""
MOST_PIXELS = 200_000_000
"""Above this a photo is taken for a decompression bomb."""
MOST_REDUCED_PIXELS = 1_000_000_000
"""The same for JPEG of which only a reduced size is decoded: not the progressive kind."""
THUMBNAIL_QUALITY = 82

_SIDEWAYS = (5, 6, 7, 8)


def read(path: Path, spec: PixelSpec) -> Reading:
    """The photo, fitted to `spec`, with its size, date and camera."""
    import numpy as np

    from engine.readers import exif, pixels

    with _opened(path) as image:
        found = exif.metadata(image)
        size = image.size
        orientation = _load(image, (spec.edge_px, spec.edge_px), found.orientation)
        if image.format == "TIFF":
            size = image.size
        width, height = reversed(size) if orientation in _SIDEWAYS else size
        flat = pixels.upright(pixels.rgb(image, spec.edge_px), orientation)
        return Reading(
            kind=Kind.PHOTO,
            pixels=np.asarray(pixels.fitted(flat, spec)),
            width=width,
            height=height,
            taken_at=found.taken_at,
            camera=found.camera,
        )


def thumbnail(path: Path, edge_px: int) -> bytes:
    """The photo as a JPEG in sRGB, upright, at most `edge_px` on its longer side."""
    from PIL import Image

    from engine.readers import exif, pixels

    with _opened(path) as image:
        orientation = exif.metadata(image).orientation
        profile = image.info.get("icc_profile")
        longer = max(image.size)
        least = (max(1, image.width * edge_px // longer), max(1, image.height * edge_px // longer))
        orientation = _load(image, least, orientation)
        # Profiles of greys and inks fit the pixels as they were stored only.
        stored = pixels.in_srgb(image, profile) if image.mode in ("L", "CMYK") else image
        flat = pixels.upright(pixels.rgb(stored, edge_px), orientation)
        flat.thumbnail((edge_px, edge_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
        if stored is image:
            flat = pixels.in_srgb(flat, profile)
        jpeg = io.BytesIO()
        flat.save(jpeg, "JPEG", quality=THUMBNAIL_QUALITY, icc_profile=None, exif=b"")
    return jpeg.getvalue()


FAMILY = Family(
    name="photo",
    kind=Kind.PHOTO,
    extensions=frozenset(
        (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib")
    ),
    decoders=(
        "engine.readers.exif",
        "engine.readers.pixels",
        *(f"PIL.{plugin}ImagePlugin" for plugin in PLUGINS),
    ),
    signatures=(
        {0: b"\xff\xd8\xff"},
        {0: b"\x89PNG\r\n\x1a\n"},
        {0: b"GIF87a"},
        {0: b"GIF89a"},
        {0: b"RIFF", 8: b"WEBP"},
        {0: b"II*\0"},
        {0: b"MM\0*"},
        {0: b"II+\0"},
        {0: b"MM\0+"},
        {0: b"BM", 6: b"\0\0\0\0"},
    ),
    read=read,
    thumbnail=thumbnail,
)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Opens a photo and turns whatever a decoder raises into a NotReadableError."""
    from PIL import Image, UnidentifiedImageError

    for plugin in PLUGINS:
        import_module(f"PIL.{plugin}ImagePlugin")
    # Sizes are checked here, by format, before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=[plugin.upper() for plugin in PLUGINS]) as image:
                _refuse_bomb(image)
                yield image
        except UnidentifiedImageError as error:
            raise _unidentified(path) from error
        except (NotReadableError, MemoryError):
            raise
        # Decoders raise nearly anything on damaged files; the system's own errors have a number.
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if "memory" in str(error):
                raise MemoryError from error
            raise _damaged() from error


def _load(image: Image.Image, least: tuple[int, int], orientation: int) -> int:
    """Decodes, where it can at a reduced size; says how the picture is to be turned then."""
    width, height = image.size
    scale = max(least[0] / width, least[1] / height)
    # JPEG alone has reduced sizes.
    image.draft("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    image.load()
    # Pillow turns TIFF itself when it is loaded.
    return 1 if image.format == "TIFF" else orientation


def _refuse_bomb(image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise _damaged()
    is_reduced = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    if width * height > (MOST_REDUCED_PIXELS if is_reduced else MOST_PIXELS):
        raise NotReadableError(
            SkipReason.TOO_LARGE,
            f"The photo claims {width} × {height} pixels, more than Keepsight opens. "
            "Save a smaller copy to have it found.",
        )


def _unidentified(path: Path) -> NotReadableError:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    likely = None if FAMILY.recognises(head) else seems.likely_type(head)
    if likely is None:
        return _damaged()
    return NotReadableError(
        SkipReason.WRONG_TYPE,
        f"The file is named {shown(path.suffix)} but seems to be {likely}. "
        "If so, give it its right extension; if not, it is damaged.",
    )


def _damaged() -> NotReadableError:
    return NotReadableError(
        SkipReason.CORRUPT,
        "The photo is damaged or incomplete. Replace it by a good copy and it is read again.",
    )
