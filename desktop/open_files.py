"""Opens files, shows them in their folders and copies their paths, as each platform does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from engine.errors import KeepsightError
from engine.paths import shown


def open_file(path: Path) -> None:
    """Opens a file or a folder with the program that the system has for it.

    Raises KeepsightError where it is not there, or no program opens it.
    """
    _require(path)
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        raise KeepsightError(
            "No program opened this",
            f"{shown(path)}: the system has no program for it, or that did not start. Install "
            "one, or open it from within another.",
            path,
        )


def reveal(path: Path) -> None:
    """Shows a file in its folder, selected where the platform can.

    Raises KeepsightError as `open_file` does.
    """
    _require(path)
    if sys.platform == "darwin":
        subprocess.run(["open", "-R", str(path)], check=False)
    elif sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", str(path)])
    else:
        open_file(path.parent)


def copy_paths(paths: Iterable[Path]) -> None:
    """Puts paths on the clipboard, as text and as files."""
    listed = list(paths)
    mime = QMimeData()
    mime.setText("\n".join(shown(path) for path in listed))
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in listed])
    QApplication.clipboard().setMimeData(mime)


def _require(path: Path) -> None:
    if os.access(path, os.F_OK):
        return
    if os.access(path.parent, os.F_OK):
        raise KeepsightError(
            "This file is not there any more",
            f"{shown(path)} was moved, renamed or deleted. Where it went to is found once "
            "Keepsight has looked through that folder.",
            path,
        )
    raise KeepsightError(
        "This file cannot be reached",
        f"{shown(path)}: its folder is not there. If it is on a drive, connect that, and try "
        "again.",
        path,
    )
