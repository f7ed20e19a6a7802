"""A label whose text breaks where it must, as long names do, and is copied as it was."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QWidget

_MAY_BREAK = "\u200b"
_SEPARATORS = re.compile(r"([/\\_.-])")
_RUN = re.compile(r"[^\W_]{20,}")
"""Longer than words are: it is as good to break it at one place as at another."""


def breakable(text: str) -> str:
    """Lets a long name break: after its separators, and within a run that has none."""
    runs = _RUN.sub(lambda run: _MAY_BREAK.join(run[0]), text)
    return _SEPARATORS.sub(rf"\1{_MAY_BREAK}", runs)


class BreakingLabel(QLabel):
    """Shows text that was made `breakable`, no wider than there is room; it can be selected."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.selectedText().replace(_MAY_BREAK, ""))

    # Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.hasSelectedText():
            self._copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.hasSelectedText():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction("Copy", self._copy)
            menu.popup(event.globalPos())
