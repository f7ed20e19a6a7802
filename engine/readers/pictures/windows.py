"""Cuts parts out of a picture, each fitted to what an encoder wants."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.readers.pictures import pixels
from engine.readings import Box, PixelSpec


def size_of(jpeg: bytes) -> tuple[int, int]:
    """The width and height of a picture, in pixels. Raises OSError where it is damaged."""
    return Image.open(io.BytesIO(jpeg)).size


def cut(jpeg: bytes, boxes: Sequence[Box], spec: PixelSpec) -> NDArray[np.uint8]:
    """The parts `boxes` of a picture: (N, E, E, 3) RGB. Raises OSError where it is damaged."""
    whole = pixels.rgb(Image.open(io.BytesIO(jpeg)), spec.edge_px)
    across, down = whole.size
    parts = [
        whole.crop(
            (
                round(box.left * across),
                round(box.top * down),
                round(box.right * across),
                round(box.bottom * down),
            )
        )
        for box in boxes
    ]
    return np.stack([np.asarray(pixels.fitted(part, spec)) for part in parts])
