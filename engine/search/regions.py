"""Finds the part of a picture that fits words best: a reason for a hit that one can see.

Windows of two sizes slide over the picture, and each is encoded as a picture of its own, so that
every model can tell (as ReCLIP scores the crops of a photo: S. Subramanian et al., ACL 2022). Where
no window fits clearly better than the whole, the whole is what was meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.readers.pictures import windows
from engine.readings import Box, PixelSpec
from engine.records import Calibration
from engine.search.calibrate import MAYBE, Scale, chances

SHARES = (0.6, 0.4)
"""The edges of windows, as shares of the picture's."""
STRIDE = 0.4
"""From one window to the next, at most, as a share of its edge."""
CLEARLY = 1.5
"""By how many standard deviations a window has to fit better than the whole."""
ABOUT = 0.5
"""Windows that fit as well as the best one but for this, in standard deviations, belong to it."""
MOST_OF_IT = 0.6
"""A region with a larger share of the picture's area tells nothing."""
_AT_ONCE = 16

Near = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""How near words are to (N, E, E, 3) pictures: (N,)."""


def best_region(
    jpeg: bytes,
    spec: PixelSpec,
    near: Near,
    scale: Scale,
    calibration: Calibration,
) -> Box | None:
    """The part of a picture that fits words; None where none stands out.

    `near` tells how near they are to pictures fitted to `spec`, `scale` and `calibration` are those
    by which they find photos. Raises OSError where the picture is damaged.
    """
    parts = [Box(0, 0, 1, 1), *sliding(windows.size_of(jpeg), spec)]
    nearness = np.concatenate(
        [
            near(windows.cut(jpeg, parts[start : start + _AT_ONCE], spec))
            for start in range(0, len(parts), _AT_ONCE)
        ]
    )
    whole, *z = ((nearness - scale.centre) / scale.deviation).tolist()
    best = max(z)
    if best - whole < CLEARLY or chances(np.array([best]), calibration)[0] < MAYBE:
        return None
    region = _around([part for part, each in zip(parts[1:], z, strict=True) if best - each < ABOUT])
    area = (region.right - region.left) * (region.bottom - region.top)
    return region if area <= MOST_OF_IT else None


def sliding(size: tuple[int, int], spec: PixelSpec) -> Iterator[Box]:
    """Windows over a picture of `size` (width, height): of its shape, or squares for a model that
    would see the centre square only."""
    shorter = min(size)
    for share in SHARES:
        width, height = (share * (1 if spec.squash else shorter / edge) for edge in size)
        for top in _places(height):
            for left in _places(width):
                yield Box(left, top, left + width, top + height)


def _places(edge: float) -> list[float]:
    """Where windows of an edge begin, from 0 to 1 - edge."""
    steps = math.ceil((1 - edge) / (STRIDE * edge) - 1e-9)
    return [step * (1 - edge) / steps for step in range(steps + 1)] if steps else [0.0]


def _around(boxes: list[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
