"""Opens files, shows them in their folders and copies their paths, as each platform does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from engine.paths import shown


def open_file(path: Path) -> bool:
    """Opens a file with the program that the system has for it."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def reveal(path: Path) -> bool:
    """Shows a file in its folder, selected where the platform can."""
    if sys.platform == "darwin":
        return subprocess.run(["open", "-R", str(path)], check=False).returncode == 0
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
        return True
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def copy_paths(paths: Iterable[Path]) -> None:
    """Puts paths on the clipboard, as text and as files."""
    listed = list(paths)
    mime = QMimeData()
    mime.setText("\n".join(shown(path) for path in listed))
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in listed])
    QApplication.clipboard().setMimeData(mime)
