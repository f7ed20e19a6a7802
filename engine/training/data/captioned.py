"""What is in a captioned photo: its pixels, and the words that say it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import CaptionsError
from engine.paths import shown
from engine.readers import registry
from engine.readings import PixelSpec, ReadFailure

STOPWORDS = (
    "with that this from over into near while another other their them they there through some "
    "very have has are his her its and the for onto front standing looking wearing"
)


def pixels(path: Path, spec: PixelSpec) -> NDArray[np.uint8]:
    """A photo as (E, E, 3) uint8 RGB, fitted to `spec`. Raises CaptionsError."""
    reading = registry.read(path, spec)
    if isinstance(reading, ReadFailure) or reading.pixels is None:
        why = reading.detail if isinstance(reading, ReadFailure) else "It is no photo."
        raise CaptionsError("A captioned photo cannot be read", f"{shown(path)}: {why}", path)
    return reading.pixels


def squashed(path: Path, edge_px: int) -> NDArray[np.uint8]:
    """The whole photo as (E, E, 3) uint8 RGB. Raises CaptionsError where it cannot be read."""
    return pixels(path, PixelSpec(edge_px=edge_px, squash=True))


def content_words(text: str) -> frozenset[str]:
    """The English words that say what is in a photo, without plurals."""
    words = {re.sub("s$", "", word) for word in re.findall("[a-z]{3,}", text.lower())}
    return frozenset(words.difference(STOPWORDS.split()))
