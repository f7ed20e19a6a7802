"""Paints the headings between tiles."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from desktop import theme
from desktop.results.grid_layout import HEADING_PX, MARGIN_PX


def paint(painter: QPainter, headings: Iterable[tuple[str, int]], *, top: int) -> None:
    """Paints titles at their heights into a view that begins at `top`."""
    painter.save()
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(theme.colours().text))
    for title, y in headings:
        line = QRect(MARGIN_PX, y - top, painter.viewport().width(), HEADING_PX)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, title)
    painter.restore()
