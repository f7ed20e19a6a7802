"""What a person is asked and told in passing: a folder, a picture, whether something is meant."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget

from engine.library import photo_extensions
from engine.paths import shown
from engine.records import Folder


def folder_to_watch(parent: QWidget) -> Path | None:
    """A folder, or None where the person changed their mind."""
    chosen = QFileDialog.getExistingDirectory(parent, "Add a folder", str(Path.home()))
    return Path(chosen) if chosen else None


def picture(parent: QWidget) -> Path | None:
    """A picture to search with, or None."""
    pictures = " ".join(f"*{extension}" for extension in photo_extensions())
    chosen, _ = QFileDialog.getOpenFileName(
        parent,
        "Search with a picture",
        str(Path.home()),
        f"Pictures ({pictures});;All files (*)",
        options=QFileDialog.Option.HideNameFilterDetails,
    )
    return Path(chosen) if chosen else None


def may_remove(parent: QWidget, folder: Folder) -> bool:
    """Whether a folder shall be forgotten."""
    box, remove = question(
        parent,
        "Remove this folder?",
        f"Keepsight forgets everything it knows about {shown(folder.path)}. "
        "The files themselves stay where they are.",
        "Remove",
        erases=True,
    )
    box.exec()
    box.deleteLater()
    return box.clickedButton() is remove


def question(
    parent: QWidget, title: str, message: str, verb: str, *, erases: bool
) -> tuple[QMessageBox, QPushButton]:
    """A box that asks, and its button `verb`, which Enter presses unless that `erases`."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, "Keepsight", title, parent=parent)
    box.setInformativeText(message)
    agree = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(cancel)
    box.setDefaultButton(cancel if erases else agree)
    return box, agree


def tell(parent: QWidget, title: str, message: str) -> None:
    """Shows a message that waits for no answer."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, "Keepsight", title, parent=parent)
    box.setInformativeText(message)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
