"""Turns decoded pictures of any mode into RGB on white, fitted to what an encoder wants."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import lru_cache
from typing import cast

import numpy as np
from PIL import Image, ImageCms, ImageOps

from engine.readings import PixelSpec

_LARGE_PIXELS = 32_000_000
"""Above this, a picture is made smaller before it is converted, which needs several copies."""
_REDUCIBLE = frozenset(("L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"))
_ROWS_AT_ONCE = 256
_BLANK_EDGE_PX = 16
_BLANK_RANGE = 8
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_Extrema = tuple[tuple[int, int], ...]


def rgb(image: Image.Image, edge_px: int) -> Image.Image:
    """The picture in RGB, on white; a large one smaller, by no more than `edge_px` allows."""
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bit(image)
    image = _reduced(image, edge_px)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = _reduced(image.convert("RGBA"), edge_px)
        white = Image.new("RGBA", layer.size, "white")
        image = Image.alpha_composite(white, layer)
    return image if image.mode == "RGB" else image.convert("RGB")


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """The picture turned as its EXIF `orientation` says."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def fitted(image: Image.Image, spec: PixelSpec) -> Image.Image:
    """The picture squashed into the square, or the square from its middle."""
    size = (spec.edge_px, spec.edge_px)
    if spec.squash:
        return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return ImageOps.fit(image, size, Image.Resampling.BICUBIC)


def in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The picture's colours as screens show them, where it carries a profile that fits."""
    if isinstance(profile, bytes) and image.mode in ("L", "RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            transform = _to_srgb(profile, image.mode)
            return (
                image if transform is None else ImageCms.applyTransform(image, transform) or image
            )
    return image


def is_blank(image: Image.Image) -> bool:
    """Whether the picture, in RGB, has one colour only."""
    extrema = image.resize((_BLANK_EDGE_PX, _BLANK_EDGE_PX), reducing_gap=2.0).getextrema()
    return all(high - low <= _BLANK_RANGE for low, high in cast(_Extrema, extrema))


@lru_cache(maxsize=8)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """How to get from the profile's colours to sRGB; None where they are that.

    Building it takes longer than using it, and the photos of a camera have one profile.
    """
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).casefold():
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def _reduced(image: Image.Image, edge_px: int) -> Image.Image:
    width, height = image.size
    if width * height <= _LARGE_PIXELS or image.mode not in _REDUCIBLE:
        return image
    # Twice as many pixels as are asked for, so that resizing still has something to average.
    factor = min(width, height) // (2 * edge_px)
    return image.reduce(factor) if factor > 1 else image


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit greys over their whole range, 32-bit and floating-point ones over what they use."""
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    else:
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    grey = np.empty(values.shape, np.uint8)
    # By bands of rows: as floating-point numbers a whole picture takes many times its memory.
    for top in range(0, len(values), _ROWS_AT_ONCE):
        band = np.nan_to_num(values[top : top + _ROWS_AT_ONCE].astype(np.float64), posinf=high)
        scaled = (band - low) * (255.0 / max(high - low, 1e-9))
        grey[top : top + _ROWS_AT_ONCE] = scaled.clip(0, 255)
    return Image.fromarray(grey)
