"""Makes a photo look different each time that it is learnt from, as CLIP and its like do."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

NARROWEST, WIDEST = 3 / 4, 4 / 3
"""The aspect ratios of crops (C. Szegedy et al., "Going Deeper with Convolutions", CVPR 2015)."""


def augmented(
    pixels: NDArray[np.uint8],
    edge_px: int,
    *,
    smallest_crop: float,
    colour: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB to (E, E, 3): a part of it, half of the time mirrored, in other colours.

    The part has `smallest_crop` of its area or more; brightness, contrast and saturation change
    by up to the share `colour`.
    """
    image = _crop(Image.fromarray(pixels), edge_px, smallest_crop, rng)
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(_recoloured(image, rng.uniform(1 - colour, 1 + colour, 3)))


def _crop(
    image: Image.Image, edge_px: int, smallest: float, rng: np.random.Generator
) -> Image.Image:
    area = rng.uniform(smallest, 1)
    ratio = math.exp(rng.uniform(math.log(NARROWEST), math.log(WIDEST)))
    width, height = min(1.0, math.sqrt(area * ratio)), min(1.0, math.sqrt(area / ratio))
    # A side that was cut to the photo must not cost more of the area than was asked for.
    width, height = max(width, min(1.0, smallest / height)), max(height, min(1.0, smallest / width))
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    across, down = image.size
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.resize((edge_px, edge_px), Image.Resampling.BILINEAR, box)


def _recoloured(image: Image.Image, factors: NDArray[np.float64]) -> Image.Image:
    """Brightness, contrast and saturation as one affine map of the colours."""
    brightness, contrast, saturation = factors
    mean = float(np.asarray(image.reduce(max(1, image.width // 8))).mean())
    mixing = saturation * np.eye(3) + (1 - saturation) / 3
    matrix = np.hstack([brightness * contrast * mixing, np.full((3, 1), (1 - contrast) * mean)])
    return image.convert("RGB", tuple(matrix.ravel()))
