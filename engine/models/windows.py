"""Cuts long texts into stretches that a model can take, and averages their embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


def split_windows(texts: Sequence[list[T]], longest: int) -> tuple[list[list[T]], list[int]]:
    """Every text in equal stretches of at most `longest` pieces, and whose each stretch is.

    A text without pieces has no stretch.
    """
    windows: list[list[T]] = []
    owners: list[int] = []
    for owner, pieces in enumerate(texts):
        count = -(-len(pieces) // longest)
        for number in range(count):
            start, end = (len(pieces) * edge // count for edge in (number, number + 1))
            windows.append(pieces[start:end])
            owners.append(owner)
    return windows, owners


def average_windows(
    embeddings: NDArray[np.float32], owners: Sequence[int], texts: int
) -> NDArray[np.float32]:
    """(W, D) embeddings of stretches to (texts, D), L2-normalised; no stretch gives zeros."""
    totals = np.zeros((texts, embeddings.shape[1]), np.float32)
    np.add.at(totals, np.asarray(owners, np.intp), embeddings)
    lengths = np.linalg.norm(totals, axis=1, keepdims=True)
    np.divide(totals, lengths, out=totals, where=lengths > 0)
    return totals
