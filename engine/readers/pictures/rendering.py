"""Decodes an opened picture as it is shown: upright, on white, in sRGB, no larger than needed."""

from __future__ import annotations

from PIL import Image

from engine.readers.pictures import pixels
from engine.readings import PixelSpec

_OWN_COLOURS = ("L", "CMYK")
"""Profiles of greys and inks fit the pixels as they were stored only."""


def fitted(image: Image.Image, orientation: int, spec: PixelSpec) -> Image.Image:
    """The picture in RGB, fitted to what an encoder wants."""
    flat, profile = _flat(image, orientation, (spec.edge_px, spec.edge_px), spec.edge_px)
    return pixels.in_srgb(pixels.fitted(flat, spec), profile)


def scaled(image: Image.Image, orientation: int, edge_px: int) -> Image.Image:
    """The picture in RGB, at most `edge_px` on its longer side and never larger than it was."""
    longer = max(image.size)
    least = (max(1, image.width * edge_px // longer), max(1, image.height * edge_px // longer))
    flat, profile = _flat(image, orientation, least, edge_px)
    scale = min(1.0, edge_px / max(flat.size))
    size = max(1, round(flat.width * scale)), max(1, round(flat.height * scale))
    # A new picture in any case: the opened one goes with its file.
    made = flat.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    return pixels.in_srgb(made, profile)


def _flat(
    image: Image.Image, orientation: int, least: tuple[int, int], edge_px: int
) -> tuple[Image.Image, object]:
    """The picture upright in RGB, and the profile that is still to be applied."""
    profile = image.info.get("icc_profile")
    width, height = image.size
    scale = max(least[0] / width, least[1] / height)
    # JPEG alone has reduced sizes.
    image.draft("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    image.load()
    stored = image
    if image.mode in _OWN_COLOURS:
        stored, profile = pixels.in_srgb(image, profile), None
    # Pillow turns TIFF itself when it is loaded.
    turn = 1 if image.format == "TIFF" else orientation
    return pixels.upright(pixels.rgb(stored, edge_px), turn), profile
