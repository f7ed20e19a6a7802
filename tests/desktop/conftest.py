"""Records to show, and the real window on a library of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from desktop import app as application
from desktop.bridge import Bridge
from desktop.main_window import MainWindow
from desktop.window_state import WindowState
from engine.library import Library
from engine.paths import Home
from engine.readings import Details, Kind
from engine.records import ContentId, FileId, SegmentId
from engine.search_records import Band, Hit, Match, Retriever

MakeHit = Callable[..., Hit]


@pytest.fixture(scope="session")
def qapp(qapp: QApplication) -> QApplication:
    """The application as it is shown: dressed once, since it follows the system from then on."""
    application.dress(qapp)
    return qapp


@pytest.fixture(autouse=True)
def closed_windows_go(qapp) -> Iterator[None]:
    """Deletes what a test has closed, as an event loop does: else each style is made for all."""
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def make_hit() -> MakeHit:
    def make(number: int = 1, *, kind: Kind = Kind.PHOTO, band: Band = Band.STRONG, **more) -> Hit:
        values = {
            "content_id": ContentId(number),
            "segment_id": SegmentId(number),
            "file_id": FileId(number),
            "path": Path(f"/pictures/IMG_{number}.jpg"),
            "folder": Path("/pictures"),
            "kind": kind,
            "score": 0.8,
            "band": band,
            "matches": (Match(Retriever.PHOTO_MEANING, 1, 0.8, "nearer than most"),),
            "size_bytes": 1234,
            "modified_at": datetime(2024, 6, 1) - timedelta(days=number),
            "online": True,
            "details": Details(width=640, height=480),
            "has_picture": more.get("kind", Kind.PHOTO) is not Kind.DOCUMENT,
        }
        return Hit(**(values | more))

    return make


@pytest.fixture
def open_window(home: Home, qtbot) -> Iterator[Callable[..., MainWindow]]:
    """Opens the real window on the library of `home`, as the application does."""
    opened: list[tuple[MainWindow, Bridge]] = []

    def open_(*folders: Path) -> MainWindow:
        library = Library.open(home)
        bridge = Bridge(library)
        window = MainWindow(bridge, WindowState(home.config))
        application.begin(bridge, library, window, folders)
        opened.append((window, bridge))
        window.show()
        return window

    yield open_
    for window, bridge in opened:
        window.close()
        bridge.close()
        window.deleteLater()
