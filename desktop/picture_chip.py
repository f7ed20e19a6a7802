"""A picture that is part of the query, small, inside the search field."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from desktop import icons

EDGE_PX = 26


class PictureChip(QWidget):
    """Shows what is searched with, and a button that takes it away."""

    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel()
        self._picture.setFixedSize(EDGE_PX, EDGE_PX)
        self._name = QLabel()
        self._close = QToolButton()
        self._close.setAccessibleName("Search without this picture")
        self._close.setToolTip("Search without this picture")
        self._close.setIcon(icons.icon("x"))
        self._close.clicked.connect(self.removed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 2, 2)
        layout.setSpacing(6)
        for widget in (self._picture, self._name, self._close):
            layout.addWidget(widget)

    def show_picture(self, pixmap: QPixmap, name: str) -> None:
        """Shows a picture, cut to a square, and its name."""
        ratio = self.devicePixelRatioF()
        edge = int(EDGE_PX * ratio)
        if not pixmap.isNull():
            pixmap = pixmap.scaled(
                edge,
                edge,
                Qt.AspectRatioMode.KeepAspectRatioByExpanding,
                Qt.TransformationMode.SmoothTransformation,
            ).copy(0, 0, edge, edge)
            pixmap.setDevicePixelRatio(ratio)
        self._picture.setPixmap(pixmap)
        short = self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 140)
        self._name.setText(short)
        self.setToolTip(name)
        self.show()
