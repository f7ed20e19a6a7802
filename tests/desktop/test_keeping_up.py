"""The window shows the library as it is, as soon as something is over."""

import threading
from collections.abc import Callable, Iterator

import pytest

from desktop import pace, questions
from engine.events import Phase
from engine.store.database import Database

PATIENCE_MS = 20_000


@pytest.fixture
def long_rests(monkeypatch) -> None:
    monkeypatch.setattr(pace, "LEAST_REST_MS", 10 * PATIENCE_MS)


@pytest.fixture
def hold_erasing(monkeypatch) -> Iterator[Callable[[], bool]]:
    """Erasing ends with the test; what is returned says whether it has begun."""
    has_begun, may_end = threading.Event(), threading.Event()

    def held(_: Database) -> None:
        has_begun.set()
        may_end.wait(PATIENCE_MS / 1000)

    monkeypatch.setattr(Database, "erase_free_pages", held)
    yield has_begun.is_set
    may_end.set()


def test_when_indexing_ends_all_is_shown_at_once(
    open_window, pictures, make_photo, qtbot, long_rests
) -> None:
    for number in range(3):
        make_photo(pictures / f"{number}.jpg", seed=number)
    window = open_window(pictures)
    qtbot.waitUntil(lambda: window.status._counts.text().startswith("3 photos"), timeout=20_000)
    qtbot.waitUntil(lambda: window._phase is Phase.IDLE)
    qtbot.waitUntil(lambda: len(window.results.view.hits) == 3)


def test_a_removed_folder_is_gone_though_its_traces_are_still_erased(
    open_window, pictures, qtbot, monkeypatch, long_rests, hold_erasing
) -> None:
    (pictures / "a.txt").write_text("A few words.")
    window = open_window(pictures)
    qtbot.waitUntil(lambda: len(window.results.view.hits) == 1, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window._phase is Phase.IDLE)
    (folder,) = window._overview.folders
    monkeypatch.setattr(questions, "may_remove", lambda *_: True)
    window.remove_folder(folder)
    qtbot.waitUntil(hold_erasing, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: window.sidebar._folders.count() == 0)
    qtbot.waitUntil(lambda: not window.results.view.hits)
