"""One set of icons (Lucide), tinted with the colours in use."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop import theme

_SCALE = 2


def icon(name: str) -> QIcon:
    """The icon of this name in the colour of text, or of what lies on the accent where chosen."""
    made = QIcon(pixmap(name, theme.colours().text, 18))
    made.addPixmap(pixmap(name, theme.colours().on_accent, 18), QIcon.Mode.Selected)
    return made


def menu_icon(name: str) -> QIcon:
    """The icon of this name for a menu, where what is chosen is drawn as active."""
    made = icon(name)
    made.addPixmap(pixmap(name, theme.colours().on_accent, 18), QIcon.Mode.Active)
    return made


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, edge_px: int) -> QPixmap:
    """The icon of this name in a colour, at an edge length in logical pixels."""
    svg = (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    drawn = QPixmap(edge_px * _SCALE, edge_px * _SCALE)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode())).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(_SCALE)
    return drawn
