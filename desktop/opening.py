"""Opens a library while those who wait are told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QApplication, QSplashScreen

from desktop import theme
from engine.library import Library
from engine.paths import Home

PATIENCE_S = 0.4
"""An opening that is over before is not told of."""

_FRAME_S = 0.03
_SIZE = QSize(360, 120)


def opened(home: Home) -> Library:
    """The library of `home`. Raises what `Library.open` raises.

    It is opened on a thread: a large one is checked from its first page to its last, which takes
    seconds on a cold disk.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="keepsight-opening") as thread:
        opening = thread.submit(Library.open, home)
        if wait([opening], PATIENCE_S).not_done:
            notice = _notice()
            notice.show()
            while wait([opening], _FRAME_S).not_done:
                QApplication.processEvents()
            notice.close()
    return opening.result()


def _notice() -> QSplashScreen:
    scheme = theme.colours()
    background = QPixmap(_SIZE)
    background.fill(QColor(scheme.side))
    notice = QSplashScreen(background)
    notice.setWindowTitle("Keepsight")
    centre = Qt.AlignmentFlag.AlignCenter
    notice.showMessage("Opening your library…", centre, QColor(scheme.text))
    return notice
