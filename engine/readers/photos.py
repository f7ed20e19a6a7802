"""Reads photos: JPEG, PNG, WebP, GIF, TIFF and BMP, upright and in RGB."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from engine.readers.family import Family, NotReadableError
from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason

FORMATS = tuple(
    str(plugin.format)
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
        TiffImagePlugin.TiffImageFile,
        BmpImagePlugin.BmpImageFile,
    )
)
MOST_PIXELS = 200_000_000
"""Above this a photo is taken for a decompression bomb."""
MOST_REDUCED_PIXELS = 1_000_000_000
"""The same for JPEG, of which only a reduced size is decoded."""

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_DATE_TAGS = (
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.DateTimeDigitized,
    ExifTags.Base.DateTime,
)
_SIDEWAYS = (5, 6, 7, 8)

# Every reader checks sizes itself, by format, before anything is decoded.
Image.MAX_IMAGE_PIXELS = None


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a photo of a format that is read here."""
    return (
        head.startswith(_SIGNATURES + _TIFF_SIGNATURES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0")
    )


def read(path: Path, spec: PixelSpec) -> Reading:
    """The photo, fitted to `spec`, with its size, date and camera."""
    with _opened(path) as image:
        exif = image.getexif()
        width, height = image.size
        if exif.get(ExifTags.Base.Orientation) in _SIDEWAYS:
            width, height = height, width
        taken_at, camera = _taken_at(exif), _camera(exif)
        pixels = np.asarray(_fitted(_upright(image, _draft_size(image, spec)), spec))
    return Reading(
        kind=Kind.PHOTO,
        pixels=pixels,
        width=width,
        height=height,
        taken_at=taken_at,
        camera=camera,
    )


def thumbnail(path: Path, edge_px: int) -> bytes:
    """The photo as a JPEG in sRGB, upright, at most `edge_px` on its longer side."""
    with _opened(path) as image:
        profile = image.info.get("icc_profile")
        upright = _upright(image, (edge_px, edge_px))
        upright.thumbnail((edge_px, edge_px), Image.Resampling.BICUBIC, reducing_gap=2.0)
        shown = _in_srgb(upright, profile)
    jpeg = io.BytesIO()
    shown.save(jpeg, "JPEG", quality=82)
    return jpeg.getvalue()


FAMILY = Family(
    name="photo",
    kind=Kind.PHOTO,
    extensions=frozenset(
        (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".dib")
    ),
    recognises=recognises,
    read=read,
)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Opens a photo and turns whatever a decoder raises into a NotReadableError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=FORMATS) as image:
                _refuse_bomb(image)
                yield image
        except UnidentifiedImageError as error:
            raise _failed(
                SkipReason.WRONG_TYPE,
                f"The file is named {path.suffix} but is no photo that can be recognised. "
                "It may be damaged, or of another type.",
            ) from error
        except (NotReadableError, MemoryError, PermissionError, FileNotFoundError):
            raise
        # Decoders raise nearly anything on damaged files.
        except Exception as error:
            raise _failed(
                SkipReason.CORRUPT,
                f"The photo is damaged or incomplete ({error}). Restore it from where it came.",
            ) from error


def _failed(reason: SkipReason, detail: str) -> NotReadableError:
    return NotReadableError(ReadFailure(reason, detail))


def _refuse_bomb(image: Image.Image) -> None:
    width, height = image.size
    most = MOST_REDUCED_PIXELS if image.format in ("JPEG", "MPO") else MOST_PIXELS
    if width * height > most:
        raise _failed(
            SkipReason.TOO_LARGE,
            f"The photo claims {width} × {height} pixels, more than Keepsight opens.",
        )
    if not width or not height:
        raise _failed(SkipReason.CORRUPT, "The photo has no pixels.")


def _draft_size(image: Image.Image, spec: PixelSpec) -> tuple[int, int]:
    """The least size that a reduced JPEG must have for its shorter side to fill the spec."""
    width, height = image.size
    scale = spec.edge_px / min(width, height)
    return max(spec.edge_px, round(width * scale)), max(spec.edge_px, round(height * scale))


def _upright(image: Image.Image, least: tuple[int, int]) -> Image.Image:
    image.draft("RGB", least)
    image.load()
    turned = ImageOps.exif_transpose(image)
    return _rgb(turned)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bit(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and floating-point greys over the range that they use."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:
        low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(scaled.clip(0, 255).astype(np.uint8))


def _fitted(image: Image.Image, spec: PixelSpec) -> Image.Image:
    edge = spec.edge_px
    if spec.squash:
        return image.resize((edge, edge), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return ImageOps.fit(image, (edge, edge), Image.Resampling.BICUBIC)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"))
            return converted or image
    return image


def _taken_at(exif: Image.Exif) -> datetime | None:
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for tag in _DATE_TAGS:
        written = inner.get(tag) or exif.get(tag)
        if not isinstance(written, str):
            continue
        try:
            return datetime.strptime(written.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:
            continue
    return None


def _camera(exif: Image.Exif) -> str | None:
    make, model = (
        " ".join(str(exif.get(tag) or "").replace("\0", " ").split())
        for tag in (ExifTags.Base.Make, ExifTags.Base.Model)
    )
    if model and model.casefold().startswith(make.split(" ")[0].casefold()):
        return model
    return f"{make} {model}".strip() or None
