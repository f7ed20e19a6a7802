"""Turns cosines into chances of being right.

A cosine means little by itself: it differs by model, by query and between photos and passages. How
far it lies above the query's cosines with unrelated segments, in standard deviations, means the
same everywhere; a logistic curve that was fitted when the model was made turns that into a chance
(Platt, 1999).

Which segments are unrelated is not known. Many photos are right for “dog”, in some libraries and
among a model's background: by mean and deviation they would hide each other. All of them are in the
upper half, so that the lower one tells (an empirical null: B. Efron, "Large-Scale Simultaneous
Hypothesis Testing: The Choice of a Null Hypothesis", JASA 2004). That is for words and photos.
Photos and photos, or texts and texts, lie near each other by their subject alone: there the whole
of the library has to be compared with, or all of a folder of invoices would be like each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.records import Calibration, Null
from engine.search_records import Band

STRONG = 0.5
MAYBE = 0.15
LEAST_BACKGROUND = 8
BESIDE_A_SAMPLE = 256
"""Of a model's background, no more is taken beside a library's sample: the library has the say."""
SMALLEST_DEVIATION = 1e-3
UNKNOWN_BACKGROUND = (0.0, 0.1)
"""Centre and standard deviation that are assumed where there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The centre and standard deviation of a query's cosines with unrelated segments."""

    centre: float
    deviation: float


def scale_of(
    vector: NDArray[np.float32],
    background: NDArray[np.float32],
    sample: NDArray[np.float32],
    null: Null,
) -> Scale:
    """The scale of a (D,) query against the model's (B, D) background and a library's (S, D)."""
    if null is Null.ALL and len(sample):
        background = np.concatenate([background[:BESIDE_A_SAMPLE], sample])
    if len(background) < LEAST_BACKGROUND:
        return Scale(*UNKNOWN_BACKGROUND)
    cosines = background @ vector
    if null is Null.ALL:
        centre, deviation = cosines.mean(), cosines.std()
    else:
        centre = np.median(cosines)
        deviation = np.sqrt(2 * np.mean(np.minimum(cosines - centre, 0) ** 2))
    return Scale(float(centre), max(float(deviation), SMALLEST_DEVIATION))


def chances(z: NDArray[np.floating], calibration: Calibration) -> NDArray[np.float64]:
    """The chances of being right at `z` standard deviations above the unrelated."""
    exponent = np.clip(calibration.slope * z.astype(np.float64) + calibration.offset, -60, 60)
    return 1 / (1 + np.exp(-exponent))


def band_of(chance: float) -> Band:
    """How far a hit with this chance can be trusted."""
    if chance >= STRONG:
        return Band.STRONG
    return Band.MAYBE if chance >= MAYBE else Band.WEAK
