"""Tells what can be asked and which keys there are; a filter is put into the field by a click."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget


@dataclass(frozen=True, slots=True)
class Filter:
    """An example: what it begins with, the value that a person would change, and what ends it."""

    opening: str
    value: str
    closing: str = ""

    def __str__(self) -> str:
        return f"{self.opening}{self.value}{self.closing}"


FILTERS = (
    (Filter('"', "exact words", '"'), "has these words, as they stand"),
    (Filter("-", "snow"), "without this"),
    (Filter("type:", "photo"), "or document, video, archive"),
    (Filter("after:", "2023"), "from 2023 on"),
    (Filter("before:", "2024-06"), "before June 2024"),
    (Filter("in:", "Trips"), "in folders with such a name"),
    (Filter("ext:", "jpg,png"), "files with these endings"),
    (Filter("place:", "Tokyo"), "taken there"),
    (Filter("camera:", "Pixel"), "taken with it"),
    (Filter("tag:", "holiday"), "tagged so"),
    (Filter("rating:", "4"), "four stars and more"),
    (Filter("by:", "Ada"), "of this author or sender"),
    (Filter("lang:", "de"), "documents in this language"),
)


class SearchHelp(QFrame):
    """A panel that opens below the search field, and closes by itself."""

    chosen = Signal(Filter)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("searchHelp")
        self.setAccessibleName("What you can ask, and keys")
        self._buttons: list[QPushButton] = []
        columns = QHBoxLayout(self)
        columns.setContentsMargins(20, 16, 20, 16)
        columns.setSpacing(36)
        columns.addLayout(self._filters())
        columns.addLayout(_keys())

    def open_below(self, field: QWidget) -> None:
        """Shows it under a field, at its right end."""
        self.adjustSize()
        corner = field.mapToGlobal(field.rect().bottomRight())
        room = field.screen().availableGeometry()
        left = max(room.left(), corner.x() - self.width())
        top = max(room.top(), min(corner.y() + 4, room.bottom() - self.height()))
        self.move(QPoint(left, top))
        self.show()
        self._buttons[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def _filters(self) -> QGridLayout:
        grid = _grid("Add to your words")
        for row, (example, meaning) in enumerate(FILTERS, start=1):
            button = QPushButton(str(example))
            button.setAccessibleName(f"{example}: {meaning}")
            button.clicked.connect(lambda _=False, example=example: self._choose(example))
            self._buttons.append(button)
            grid.addWidget(button, row, 0)
            grid.addWidget(_faint(meaning), row, 1)
        return grid

    def _choose(self, example: Filter) -> None:
        self.hide()
        self.chosen.emit(example)

    # Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


def _keys() -> QGridLayout:
    standard = QKeySequence.StandardKey
    grid = _grid("Keys")
    for row, (keys, meaning) in enumerate(
        (
            (QKeySequence("Ctrl+F"), "Search"),
            (QKeySequence("Enter"), "To the first result, and open it"),
            (QKeySequence("Down"), "To the results, or to recent searches"),
            (QKeySequence("Space"), "Look at it large"),
            (QKeySequence("Escape"), "Clear the search"),
            (QKeySequence(standard.Back), "Back to what was asked before"),
            (QKeySequence(standard.Forward), "And forth again"),
            (QKeySequence("Ctrl+V"), "Search with the picture that was copied"),
            (QKeySequence(standard.ZoomIn), "Larger pictures"),
            (QKeySequence(standard.ZoomOut), "Smaller pictures"),
            (QKeySequence("Ctrl+I"), "Show or hide the preview"),
            (QKeySequence("Ctrl+O"), "Add a folder"),
            (QKeySequence("Ctrl+Q"), "Quit"),
            (QKeySequence(standard.HelpContents), "This help"),
        ),
        start=1,
    ):
        grid.addWidget(QLabel(keys.toString(QKeySequence.SequenceFormat.NativeText)), row, 0)
        grid.addWidget(_faint(meaning), row, 1)
    return grid


def _grid(title: str) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    heading = QLabel(title)
    heading.setObjectName("sectionTitle")
    grid.addWidget(heading, 0, 0, 1, 2)
    grid.setRowMinimumHeight(0, 28)
    return grid


def _faint(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("faint")
    return label
