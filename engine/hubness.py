"""Ranks without hubs.

Among many vectors, some photos lie near to nearly every text, and some texts near to nearly every
photo: hubs, which come first whatever is asked for (M. Radovanović et al., "Hubs in Space", JMLR
2010). How near a vector is to texts, or photos, that it has nothing to do with tells by how much it
is to be ranked lower (the inverted softmax of S. Smith et al., ICLR 2017, with a bank of queries as
S.-V. Bogolin et al., "Cross Modal Retrieval with Querybank Normalisation", CVPR 2022).

That is one more coordinate: what is searched has its hubness there, and what is asked with, how
much of it is taken off. So a level cosine is an inner product, like any other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TEMPERATURE = 0.05
"""Of cosines, about half their deviation: how much the nearest of the bank count for more."""

OF_PICTURES = 0.5
OF_TEXTS = 0.75
"""How much of the hubness is taken off pictures that words ask for, and texts that a picture does.
Half of it is what CSLS takes off (A. Conneau et al., ICLR 2018); texts are hubs more often."""

_AT_ONCE = 4096


def hubness(vectors: NDArray[np.floating], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """How near each of (N, D) unit vectors is to (B, D) of the other medium, as (N,) cosines.

    Their soft maximum; 0 where the bank is empty.
    """
    near = np.zeros(len(vectors), np.float32)
    if not len(bank):
        return near
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE].astype(np.float32) @ bank.T
        means = np.exp(cosines / TEMPERATURE).mean(axis=1)
        near[start : start + _AT_ONCE] = TEMPERATURE * np.log(means)
    return near


def searched(vectors: NDArray[np.floating], bank: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) vectors as they are searched, with their hubness: (N, D + 1)."""
    return np.column_stack([vectors.astype(np.float32), hubness(vectors, bank)])


def asking(vector: NDArray[np.float32], share: float = 0.0) -> NDArray[np.float32]:
    """A (D,) vector as it is asked with: (D + 1,).

    `share` of their hubness is taken off what is searched: none where it is of the same medium.
    Zeros, of which a model knows nothing, stay zeros.
    """
    return np.append(vector, np.float32(-share if np.any(vector) else 0.0))
