"""Chooses the moments of a video that differ: one for each scene, as far as that can be told.

A picture is compared, as a small one, with the last that was chosen and not with the one before
it, so that what changes slowly is seen to change as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

LEAST_APART_S = 2.0
MOST_LOOKED_AT = 240
"""At how many places of a video its pictures are compared."""
MOST_MOMENTS = 120
LEAST_DIFFERENCE = 0.95
"""Pictures that differ less show one scene; measured with pans, zooms and changes of light."""
LEAST_CONTRAST = 6.0
"""With less standard deviation, of 255, a picture is blank: a fade, a black leader."""

_LAYOUT_EDGE = 8
_COLOURS_EDGE = 64
_COLOURS_WEIGHT = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """What is compared of a picture: (192,) where its light is, (512,) shares of its colours."""

    second: float
    layout: NDArray[np.float32]
    colours: NDArray[np.float64]

    def difference(self, other: Glimpse) -> float:
        """From 0 to about 2: correlation (Pearson) and histogram intersection (Swain, 1991)."""
        layout = 1 - float(np.corrcoef(self.layout, other.layout)[0, 1])
        return layout + _COLOURS_WEIGHT * (1 - float(np.minimum(self.colours, other.colours).sum()))


def places(duration_s: float) -> list[float]:
    """Seconds at which to look, such that any number of the first ones is spread evenly."""
    count = min(MOST_LOOKED_AT, max(1, int(duration_s / LEAST_APART_S)))
    order = sorted(range(count), key=_reversed_bits)
    # The middle of each part, as key frames stand before what they show; and the beginning.
    return [0.0, *(duration_s * (index + 0.5) / count for index in order)]


def glimpse(second: float, image: Image.Image) -> Glimpse:
    """What is to be compared of an RGB picture."""
    from PIL import Image

    layout = image.resize((_LAYOUT_EDGE, _LAYOUT_EDGE), Image.Resampling.BOX)
    colours = image.resize((_COLOURS_EDGE, _COLOURS_EDGE), Image.Resampling.BOX).convert("HSV")
    # Eight steps of each: hue, saturation, value.
    bins = (np.asarray(colours, np.int64) >> 5) @ (64, 8, 1)
    counts = np.bincount(bins.ravel(), minlength=512)
    return Glimpse(second, np.asarray(layout, np.float32).ravel(), counts / counts.sum())


def shows_something(each: Glimpse) -> bool:
    """Whether it is no blank: no fade, no black leader."""
    return float(each.layout.std()) >= LEAST_CONTRAST


def chosen(glimpses: list[Glimpse]) -> list[Glimpse]:
    """Those to keep, of some in the order of time."""
    kept: list[Glimpse] = []
    for each in [each for each in glimpses if shows_something(each)] or glimpses[:1]:
        last = kept[-1] if kept else None
        if last is None or (
            each.second - last.second >= LEAST_APART_S and each.difference(last) >= LEAST_DIFFERENCE
        ):
            kept.append(each)
    if len(kept) <= MOST_MOMENTS:
        return kept
    return [kept[number * len(kept) // MOST_MOMENTS] for number in range(MOST_MOMENTS)]


def _reversed_bits(number: int) -> int:
    """Bits in reverse, the order of van der Corput's sequence."""
    return int(f"{number:016b}"[::-1], 2)
