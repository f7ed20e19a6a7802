"""The passes over the library, which are made in the background when everything is indexed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Protocol

from engine import settings
from engine.events import Phase
from engine.indexing.closer import CloserLook
from engine.indexing.embedding import Embedder
from engine.indexing.recognition import Recogniser
from engine.paths import Home
from engine.readers.isolation import RECOGNITION_LIMIT_S, ReaderPool
from engine.records import Background
from engine.store.database import Database


class Pass(Protocol):
    """Makes more of what is indexed, content by content. What it stores is stored for good."""

    phase: Phase
    is_wanted: bool
    """Set by any thread: one that is not wanted any more stops."""

    def run(self, embedder: Embedder) -> Iterator[tuple[int, int]]:
        """Does what is left of it; yields how many of how many contents are done."""


class Passes:
    """Those there are, and which of them a person has chosen; none is wanted at first."""

    def __init__(self, home: Home, database: Database, readers: ReaderPool) -> None:
        self._home = home
        self._text_readers = ReaderPool(1, time_limit_s=RECOGNITION_LIMIT_S)
        self._closer_look = CloserLook(database, readers)
        self._recogniser = Recogniser(database, self._text_readers)
        chosen = settings.load(home)
        self.chosen = Background(chosen.looks_closer, chosen.recognises_text)

    @property
    def in_order(self) -> tuple[Pass, ...]:
        """All of them, in the order in which they are made."""
        return self._closer_look, self._recogniser

    def choose(self, chosen: Background) -> None:
        """Wants what a person has chosen, from now on and at later starts."""
        settings.change(self._home, lambda s: replace(s, **asdict(chosen)))
        self.chosen = chosen
        self.want(chosen)

    def want(self, wanted: Background) -> None:
        """Lets these be made, and others stop."""
        self._closer_look.is_wanted = wanted.looks_closer
        self._recogniser.is_wanted = wanted.recognises_text

    def close(self) -> None:
        """Ends the processes that recognise text."""
        self._text_readers.close()
