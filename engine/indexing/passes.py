"""What a pass over the library is, which is made in the background when everything is indexed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.events import Phase
from engine.indexing.embedding import Embedder


class Pass(Protocol):
    """Makes more of what is indexed, content by content. What it stores is stored for good."""

    phase: Phase
    is_wanted: bool
    """Set by any thread: one that is not wanted any more stops."""

    def run(self, embedder: Embedder) -> Iterator[tuple[int, int]]:
        """Does what is left of it; yields how many of how many contents are done."""
