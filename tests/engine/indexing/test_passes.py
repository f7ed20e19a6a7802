"""A person chooses what goes on in the background, while the library is open."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import settings
from engine.events import Event, IndexProgress, Phase
from engine.indexing.closer import BOXES
from engine.library import Library
from engine.paths import Home
from engine.records import Background

NOTHING = Background(looks_closer=False, recognises_text=False)
CLOSER = replace(NOTHING, looks_closer=True)
PHOTOS = 3


@pytest.fixture
def indexed(home: Home, pictures: Path, make_photo: Callable[..., Path]) -> Home:
    """A home whose photos nobody has looked at closer."""
    for number in range(PHOTOS):
        make_photo(pictures / f"{number}.png", seed=number)
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    return home


class Hearing:
    """Notes what goes on until there is nothing left to do."""

    def __init__(self, library: Library, heard: Callable[[Phase], None] = lambda _: None) -> None:
        self.phases: list[Phase] = []
        self._heard = heard
        self._is_over = threading.Event()
        library.subscribe(self._hear)

    def wait(self) -> None:
        assert self._is_over.wait(60)

    def _hear(self, event: Event) -> None:
        if isinstance(event, IndexProgress) and not self._is_over.is_set():
            self.phases.append(event.phase)
            self._heard(event.phase)
            if event.phase is Phase.IDLE:
                self._is_over.set()


def test_what_is_switched_on_begins_at_once_and_is_remembered(
    indexed: Home, embedded: Callable[[], dict[str, int]]
) -> None:
    with Library.open(indexed) as library:
        start = Hearing(library)
        library.start()
        start.wait()
        assert Phase.LOOKING_CLOSER not in start.phases
        switched_on = Hearing(library)
        library.set_background(CLOSER)
        switched_on.wait()
        assert Phase.LOOKING_CLOSER in switched_on.phases
    assert embedded()["starter"] == PHOTOS * (1 + len(BOXES))
    assert settings.load(indexed) == settings.Settings(recognises_text=False)
    with Library.open(indexed) as library:
        assert library.background == CLOSER


def test_what_is_switched_off_stops_after_the_photo_in_hand(indexed: Home) -> None:
    settings.save(indexed, settings.Settings(recognises_text=False))
    with Library.open(indexed) as library:

        def stop(phase: Phase) -> None:
            if phase is Phase.LOOKING_CLOSER:
                library.set_background(NOTHING)

        start = Hearing(library, stop)
        library.start()
        start.wait()
        assert start.phases.count(Phase.LOOKING_CLOSER) == 1
        assert library.background == NOTHING
    assert settings.load(indexed).looks_closer is False


def test_after_a_pause_it_tells_what_it_goes_on_with(indexed: Home) -> None:
    settings.save(indexed, settings.Settings(recognises_text=False))
    with Library.open(indexed) as library:

        def rest(phase: Phase) -> None:
            if phase is Phase.LOOKING_CLOSER and Phase.PAUSED not in start.phases:
                library.pause()
                library.resume()

        start = Hearing(library, rest)
        library.start()
        start.wait()
        paused = start.phases.index(Phase.PAUSED)
        assert start.phases[paused - 1 : paused + 2] == [
            Phase.LOOKING_CLOSER,
            Phase.PAUSED,
            Phase.LOOKING_CLOSER,
        ]
