"""Keeps dialogs within the screen, however large its letters and few its pixels are."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog

AROUND = QSize(40, 80)
"""What is left for the frame of a dialog, its title and the bars of the desktop."""


def fit(dialog: QDialog) -> None:
    """Makes a dialog that is about to show no larger than its screen."""
    dialog.resize(dialog.size().boundedTo(dialog.screen().availableSize() - AROUND))
