"""What every model in training is to the rest of it: two towers into one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch

    from engine.training.recipe import Stage


class DualEncoder(Protocol):
    """Two towers into one space, and what turns a text into what the second one reads."""

    image: torch.nn.Module
    """(N, H, W, 3) uint8 RGB to (N, D) float32, L2-normalised."""
    text: torch.nn.Module
    """(N, L) int64 ids, padded with 0, to (N, D) float32, L2-normalised."""
    classes: tuple[str, ...]
    """What the initial network could tell apart, if there was one."""

    def ids(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """The int64 ids of each text, (L,)."""
        ...

    def embed_photos(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """What `image` gives, and the logits of `classes`, (N, classes), if there are any."""
        ...

    def parameter_groups(self, stage: Stage) -> list[dict[str, Any]]:
        """The parameters that `stage` trains, with their rates, as optimisers take them.

        The others are frozen.
        """
        ...
