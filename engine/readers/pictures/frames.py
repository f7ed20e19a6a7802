"""Chooses what to look at in files of several pictures: pages of a TIFF, frames of an animation."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from engine.readers.pictures import opening, pixels

MOST_PAGES = 30
"""How many pages of a TIFF are read; together they have at most as many pixels as one photo."""
MOST_FRAMES = 20
"""How many frames of an animation are looked at for one that shows something."""

_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
_PURPOSE = 254
_REDUCED_OR_MASK = 0b101


def pages(image: Image.Image, draw: Callable[[], Image.Image]) -> list[tuple[int, Image.Image]]:
    """What `draw` makes of each page of a TIFF, with its number from 1.

    Smaller copies of a page and masks are left out, and all that follows a damaged page. Of other
    formats the one picture is page 1.
    """
    drawn = [(1, draw())]
    pixels_left = opening.MOST_PIXELS - image.width * image.height
    if image.format != "TIFF":
        return drawn
    for page in range(2, MOST_PAGES + 1):
        try:
            turn_to(image, page)
            pixels_left -= image.width * image.height
            if pixels_left < 0:
                return drawn
            if not getattr(image, "tag_v2", {}).get(_PURPOSE, 0) & _REDUCED_OR_MASK:
                drawn.append((page, draw()))
        except Exception as error:
            if not opening.is_damage(error):
                raise
            return drawn
    return drawn


def turn_to(image: Image.Image, page: int) -> None:
    """Turns a file of several pictures to one of them, from 1. Raises EOFError past the last."""
    image.seek(page - 1)
    opening.refuse_bomb(*image.size)


def telling(image: Image.Image, draw: Callable[[], Image.Image]) -> Image.Image:
    """What `draw` makes of the first frame, or of a later one where that has but one colour."""
    first = draw()
    if image.format not in _ANIMATED or not getattr(image, "is_animated", False):
        return first
    drawn = first
    for frame in range(1, MOST_FRAMES):
        if not pixels.is_blank(drawn):
            return drawn
        try:
            image.seek(frame)
            drawn = draw()
        except Exception as error:
            if not opening.is_damage(error):
                raise
            return first
    return first
