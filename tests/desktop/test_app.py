"""How the application begins, and what a second start of it does."""

import filelock
import pytest
from PySide6.QtCore import Qt

from desktop import app as application
from desktop.bridge import Overview
from desktop.window_state import WindowState
from engine.events import Phase


def test_while_another_program_indexes_the_status_says_so(
    open_window, home, pictures, make_photo, qtbot
) -> None:
    make_photo(pictures / "a.jpg")
    with filelock.FileLock(home.data / "index.lock"):
        window = open_window(pictures)
        with qtbot.waitSignal(window._bridge.overview_loaded):
            pass
        assert window.status._doing.text() == "Another Keepsight is indexing this library"
        assert "close the other Keepsight" in window.status._doing.toolTip()
        qtbot.mouseClick(window.status._pause, Qt.MouseButton.LeftButton)
        assert window.status._doing.text() == "Another Keepsight is indexing this library"
    qtbot.mouseClick(window.status._pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.results.view.hits) == 1)


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_a_second_start_shows_the_window_and_adds_its_folders(open_window, pictures, qtbot) -> None:
    window = open_window()
    window.showMinimized()
    overviews: list[Overview] = []
    window._bridge.overview_loaded.connect(overviews.append)
    application.come_forward(window._bridge, window, [pictures])
    assert not window.isMinimized()
    qtbot.waitUntil(lambda: any(overview.folders for overview in overviews))
    assert [folder.path for folder in overviews[-1].folders] == [pictures]
    qtbot.waitUntil(lambda: window._phase is Phase.IDLE)


def test_a_pause_outlives_the_window(open_window, home, pictures, make_photo, qtbot) -> None:
    make_photo(pictures / "a.jpg")
    WindowState(home.config).is_paused = True
    window = open_window(pictures)
    assert window.status._doing.text() == "Paused"
    with qtbot.waitSignal(window._bridge.overview_loaded):
        pass
    qtbot.mouseClick(window.status._pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.results.view.hits) == 1, timeout=20_000)
    assert not WindowState(home.config).is_paused
    window.status.pause_requested.emit()
    assert WindowState(home.config).is_paused
