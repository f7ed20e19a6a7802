"""Marks in a picture where the text stands that a search has found in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from desktop import theme
from engine.readings import Box

_AROUND_PX = 3
_FILL_ALPHA = 56


def lines_with(words: Sequence[str], text: str, boxes: Sequence[Box]) -> list[Box]:
    """The boxes of those lines of `text` that have one of `words`; of all where none has."""
    lines = [line.casefold() for line in text.splitlines() if line.strip()]
    if len(lines) != len(boxes):
        return list(boxes)
    asked = [word.casefold() for word in words]
    found = [box for line, box in zip(lines, boxes, strict=True) if any(w in line for w in asked)]
    return found or list(boxes)


def mark(picture: QPixmap, boxes: Sequence[Box]) -> None:
    """Draws `boxes` over the picture, in the accent colour."""
    if not boxes:
        return
    colour = QColor(theme.colours().accent)
    fill = QColor(colour)
    fill.setAlpha(_FILL_ALPHA)
    size = picture.deviceIndependentSize()
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine))
    painter.setBrush(fill)
    for box in boxes:
        place = QRectF(
            box.left * size.width(),
            box.top * size.height(),
            (box.right - box.left) * size.width(),
            (box.bottom - box.top) * size.height(),
        )
        around = place.adjusted(-_AROUND_PX, -_AROUND_PX, _AROUND_PX, _AROUND_PX)
        painter.drawRoundedRect(around, _AROUND_PX, _AROUND_PX)
    painter.end()
