"""Turns cosines into chances of being right.

A cosine means little by itself: it differs by model, by query and between photos and passages. How
far it lies above the query's cosines with unrelated segments, in standard deviations, means the
same everywhere; a logistic curve that was fitted when the model was made turns that into a chance
(Platt, 1999).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.records import Band, Calibration

STRONG = 0.5
MAYBE = 0.15
LEAST_BACKGROUND = 8
UNKNOWN_BACKGROUND = (0.0, 0.1)
"""Mean and standard deviation that are assumed where there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The mean and standard deviation of a query's cosines with unrelated segments."""

    mean: float
    deviation: float


def scale_of(vector: NDArray[np.float32], background: NDArray[np.float32]) -> Scale:
    """The scale of a (D,) query against (B, D) unrelated segments."""
    if len(background) < LEAST_BACKGROUND:
        return Scale(*UNKNOWN_BACKGROUND)
    cosines = background @ vector
    return Scale(float(cosines.mean()), max(float(cosines.std()), 1e-3))


def chances(z: NDArray[np.floating], calibration: Calibration) -> NDArray[np.float64]:
    """The chances of being right at `z` standard deviations above the unrelated."""
    exponent = np.clip(calibration.slope * z.astype(np.float64) + calibration.offset, -60, 60)
    return 1 / (1 + np.exp(-exponent))


def band_of(chance: float) -> Band:
    """How far a hit with this chance can be trusted."""
    if chance >= STRONG:
        return Band.STRONG
    return Band.MAYBE if chance >= MAYBE else Band.WEAK
