"""Another model on its way in: what the index thread fills, and who then takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.indexing.embedding import Embedder


@dataclass(slots=True)
class Switch:
    """A model that is prepared while another one answers."""

    title: str
    embedder: Embedder
    take_over: Callable[[], None]
    """Called on the index thread, once, when the model is complete or wanted as it is."""
    wanted_now: bool = False
    """Whether a person does not want to wait for the rest."""
    out_of_reach: int = 0
    """Photos on drives that are not there: it waits for them."""
