"""Takes what a person brings: by dropping it onto the window, by pasting or by choosing it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop import intake, questions
from desktop.drop_overlay import DropOverlay
from engine.paths import shown


class IntakeDesk(QObject):
    """Tells what was brought; a picture comes with what to call it."""

    folder_brought = Signal(Path)
    picture_brought = Signal(Path, str)
    text_brought = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._scratch = tempfile.TemporaryDirectory(prefix="keepsight-")
        DropOverlay(window).dropped.connect(self.take)

    def take(self, mime: QMimeData) -> None:
        """Takes what was dropped or pasted."""
        taken = intake.take(mime, Path(self._scratch.name))
        for folder in taken.folders:
            self.folder_brought.emit(folder)
        if taken.picture is not None:
            is_file = taken.picture.parent != Path(self._scratch.name)
            name = shown(taken.picture.name) if is_file else "Pasted picture"
            self.picture_brought.emit(taken.picture, name)
        elif taken.text:
            self.text_brought.emit(taken.text)

    def paste(self) -> None:
        """Takes what is on the clipboard."""
        self.take(QGuiApplication.clipboard().mimeData())

    def pick_folder(self) -> None:
        """Lets one choose a folder to watch."""
        chosen = questions.folder_to_watch(self._window)
        if chosen is not None:
            self.folder_brought.emit(chosen)

    def pick_picture(self) -> None:
        """Lets one choose a picture to search with."""
        chosen = questions.picture(self._window)
        if chosen is not None:
            self.picture_brought.emit(chosen, shown(chosen.name))

    def close(self) -> None:
        """Deletes the pictures that are no files."""
        self._scratch.cleanup()
