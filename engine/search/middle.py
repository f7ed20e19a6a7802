"""Looks closer at the middle of a picture that texts are asked for with.

A caption tells of a few things, and they are mostly in the middle: what is seen there by itself is
added to what is seen in all (an average over crops, as A. Krizhevsky et al., NeurIPS 2012).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.readings import PixelSpec

SHARE = 0.75
"""The edge of the middle, as a share of the picture's."""
WEIGHT = 0.5
"""How much the middle counts beside the whole."""


def larger(spec: PixelSpec) -> PixelSpec:
    """How large a picture has to be read for its middle to have the size of `spec`."""
    return PixelSpec(round(spec.edge_px / SHARE), spec.squash)


def cut(pixels: NDArray[np.uint8], spec: PixelSpec) -> NDArray[np.uint8]:
    """The middle, (E, E, 3), of a picture that was read as `larger` says: nothing is scaled."""
    start = (len(pixels) - spec.edge_px) // 2
    inside = slice(start, start + spec.edge_px)
    return pixels[inside, inside]


def added(whole: NDArray[np.float32], shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """The (D,) embeddings of a picture and of what its middle shows as one, L2-normalised."""
    both: NDArray[np.float32] = whole + WEIGHT * shown
    return both / max(float(np.linalg.norm(both)), 1e-12)
