"""How a library is opened, and what is told meanwhile."""

import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSplashScreen

from desktop import opening
from engine.errors import DatabaseDamagedError
from engine.library import Library
from engine.paths import Home

PATIENCE_S = 20


def notices() -> list[str]:
    return [
        shown.message()
        for shown in QApplication.topLevelWidgets()
        if isinstance(shown, QSplashScreen) and shown.isVisible()
    ]


@pytest.fixture
def slow(monkeypatch) -> Callable[[], None]:
    """Makes libraries open only when what is returned is called."""
    may_open = threading.Event()
    open_ = Library.open

    def held(home: Home) -> Library:
        may_open.wait(PATIENCE_S)
        return open_(home)

    monkeypatch.setattr(Library, "open", held)
    return may_open.set


def test_a_slow_opening_is_told_of_until_it_is_over(qapp, home, slow) -> None:
    told: list[str] = []

    def look() -> None:
        told.extend(notices())
        if told:
            looks.stop()
            slow()

    looks = QTimer(interval=10)
    looks.timeout.connect(look)
    looks.start()  # it runs only where events do while the library opens
    with opening.opened(home) as library:
        assert told == ["Opening your library…"]
        assert notices() == []
        assert library.counts().files == 0


def test_a_quick_opening_is_not_told_of(qapp, home, monkeypatch) -> None:
    monkeypatch.setattr(opening, "PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(opening, "_notice", lambda: pytest.fail("it is told of"))
    opening.opened(home).close()


def test_what_is_wrong_with_a_library_is_raised(qapp, home) -> None:
    home.create()
    home.database.write_bytes(b"no database at all" * 100)
    with pytest.raises(DatabaseDamagedError):
        opening.opened(home)
    assert notices() == []
