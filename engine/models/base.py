"""What every model is to the rest of the engine: two encoders into one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.records import Medium, ModelCard


class Encoder(Protocol):
    """Two encoders into one space. Safe to call from several threads."""

    @property
    def card(self) -> ModelCard:
        """What the model is and wants."""
        ...

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB, fitted to `card.pixels`, to (N, D) float32, L2-normalised."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, L2-normalised; a text of unknown words gives zeros."""
        ...

    def encode_query(self, query: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What a query is compared with texts by, as `encode_texts` makes it, and with pictures:
        two (D,) float32, L2-normalised, which may be the same.
        """
        ...

    def background(self, medium: Medium) -> NDArray[np.float32]:
        """(B, D) embeddings of unrelated photos or passages; B may be 0."""
        ...

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` of which the model knows nothing, in order."""
        ...

    def close(self) -> None:
        """Frees the memory; no call may follow."""
        ...
