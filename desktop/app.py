"""Builds the application: the only place where its parts are put together."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop import icons, theme
from desktop.bridge import Bridge
from desktop.main_window import MainWindow
from desktop.one_window import OneWindow, hand_over
from desktop.opening import opened
from desktop.window_state import WindowState
from engine.errors import KeepsightError
from engine.library import Library
from engine.paths import Home


def run(home: Home, folders: Sequence[Path] = ()) -> int:
    """Opens the window on a library, watches `folders` too; returns the exit status.

    Where it is open already, it comes forward instead.
    """
    app = QApplication(sys.argv[:1])
    if hand_over(home, folders):
        return 0
    dress(app)
    starts = OneWindow(home)
    try:
        library = opened(home)
    except KeepsightError as error:
        explain(error)
        return 1
    bridge = Bridge(library)
    window = MainWindow(bridge, WindowState(home.config))
    app.aboutToQuit.connect(bridge.close)
    starts.started_again.connect(lambda more: come_forward(bridge, window, more))
    begin(bridge, library, window, folders)
    window.show()
    with_interrupts(app)
    return app.exec()


def dress(app: QApplication) -> None:
    """Gives an application its name, its style and its colours."""
    app.setApplicationName("Keepsight")
    app.setOrganizationName("Keepsight")
    app.setStyle("Fusion")
    theme.apply(app)
    app.setWindowIcon(icons.icon("images"))
    app.styleHints().colorSchemeChanged.connect(lambda _: theme.apply(app))


def begin(bridge: Bridge, library: Library, window: MainWindow, folders: Sequence[Path]) -> None:
    """Starts to index and watch; where another program does, the status says so, and tries again
    when that is asked for.
    """

    def start() -> None:
        try:
            library.start()
        except KeepsightError as error:
            window.status.show_standstill(error.title, error.message)
            once = Qt.ConnectionType.SingleShotConnection
            window.status.resume_requested.connect(start, once)

    start()
    for folder in folders:
        bridge.add_folder(folder)


def come_forward(bridge: Bridge, window: MainWindow, folders: Sequence[Path]) -> None:
    """Shows the window in front of others, and watches `folders` too."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.raise_()
    window.activateWindow()
    for folder in folders:
        bridge.add_folder(folder)


def explain(error: KeepsightError) -> None:
    """Tells why the library cannot be opened."""
    print(f"{error.title}. {error.message}", file=sys.stderr)  # noqa: T201 - the shell's answer
    box = QMessageBox(QMessageBox.Icon.Critical, "Keepsight", error.title)
    box.setInformativeText(error.message)
    box.exec()


def with_interrupts(app: QApplication) -> None:
    """Lets Ctrl+C in the terminal quit: Python sees signals only when it runs."""
    signal.signal(signal.SIGINT, lambda *_: app.quit())
    heartbeat = QTimer(app, interval=500)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
