"""A picture that is part of the query, small, inside the search field."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from desktop import icons, theme

EDGE_PX = 26
ICON_PX = 18


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """What is searched with besides words: its name, and an icon for where it has no picture."""

    name: str
    icon: str
    picture: QPixmap | None = None


class PictureChip(QWidget):
    """Shows what is searched with, and a button that takes it away."""

    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._example: Example | None = None
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setFixedSize(EDGE_PX, EDGE_PX)
        self._name = QLabel()
        self._close = QToolButton()
        self._close.setAccessibleName("Search without this picture")
        self._close.setToolTip("Search without this picture")
        self._close.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 2, 2)
        layout.setSpacing(6)
        for widget in (self._picture, self._name, self._close):
            layout.addWidget(widget)
        self.tint()

    def show_example(self, example: Example | None) -> None:
        """Shows what is searched with, the picture cut to a square; None hides the chip."""
        self._example = example
        self.setVisible(example is not None)
        if example is None:
            return
        name = example.name
        short = self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 140)
        self._name.setText(short)
        self.setToolTip(name)
        if example.picture is None:
            self._picture.setPixmap(icons.pixmap(example.icon, theme.colours().faint, ICON_PX))
        else:
            self._picture.setPixmap(_square(example.picture, self.devicePixelRatioF()))

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._close.setIcon(icons.icon("x"))
        self.show_example(self._example)


def _square(picture: QPixmap, ratio: float) -> QPixmap:
    edge = int(EDGE_PX * ratio)
    square = picture.scaled(
        edge,
        edge,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    ).copy(0, 0, edge, edge)
    square.setDevicePixelRatio(ratio)
    return square
