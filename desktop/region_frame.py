"""Frames the part of a picture that fits what was asked for best."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from engine.readings import Box

FRAMED = "What fits your words best is framed"
_ROUND_PX = 6
_LINE_PX = 2.0
_SHADE = QColor(0, 0, 0, 120)
_LIGHT = QColor(255, 255, 255, 235)


def frame(painter: QPainter, place: QRectF, region: Box) -> None:
    """Draws a frame around `region` of the picture at `place`: light on dark, seen on any photo."""
    inside = place.adjusted(_LINE_PX, _LINE_PX, -_LINE_PX, -_LINE_PX)
    framed = QRectF(
        place.x() + region.left * place.width(),
        place.y() + region.top * place.height(),
        (region.right - region.left) * place.width(),
        (region.bottom - region.top) * place.height(),
    ).intersected(inside)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((_SHADE, 2 * _LINE_PX), (_LIGHT, _LINE_PX)):
        painter.setPen(QPen(colour, width))
        painter.drawRoundedRect(framed, _ROUND_PX, _ROUND_PX)
    painter.restore()
