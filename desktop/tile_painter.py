"""Paints one hit as a tile: a photo filling its square, or a document as a sheet of its text."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPixmap, QTextOption

from desktop import icons, theme
from desktop.grid_layout import CAPTION_PX
from engine.paths import shown
from engine.records import Band, Hit, Kind

RADIUS_PX = 8
RING_PX = 3


@dataclass(frozen=True, slots=True)
class TileState:
    """How a tile is to look."""

    selected: bool
    current: bool
    hovered: bool
    ranked: bool


def paint(
    painter: QPainter, rect: QRect, hit: Hit, thumbnail: QPixmap | None, state: TileState
) -> None:
    """Paints `hit` into `rect`: its picture, its name, and how well it matches."""
    scheme = theme.colours()
    picture = QRect(rect.x(), rect.y(), rect.width(), rect.height() - CAPTION_PX)
    shape = QPainterPath()
    shape.addRoundedRect(QRectF(picture), RADIUS_PX, RADIUS_PX)
    painter.save()
    painter.setClipPath(shape)
    painter.fillRect(picture, QColor(scheme.placeholder))
    if hit.kind is Kind.DOCUMENT:
        _paint_sheet(painter, picture, hit)
    elif thumbnail is not None and not thumbnail.isNull():
        _paint_photo(painter, picture, thumbnail)
    elif thumbnail is not None:
        _paint_icon(painter, picture, "image-off" if hit.online else "hard-drive")
    if state.hovered:
        painter.fillRect(picture, QColor(255, 255, 255, 28))
    painter.restore()
    if state.ranked and hit.band is not Band.WEAK:
        _paint_score(painter, picture, hit.score)
    if state.selected or state.current:
        ring = QColor(scheme.accent if state.selected else scheme.faint)
        painter.setPen(ring)
        pen = painter.pen()
        pen.setWidth(RING_PX)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(picture).adjusted(1, 1, -1, -1), RADIUS_PX, RADIUS_PX)
    _paint_name(painter, rect, hit, state)


def _paint_photo(painter: QPainter, rect: QRect, thumbnail: QPixmap) -> None:
    scaled = thumbnail.size().scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    target = QRect(0, 0, scaled.width(), scaled.height())
    target.moveCenter(rect.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, thumbnail)


def _paint_icon(painter: QPainter, rect: QRect, name: str) -> None:
    drawn = icons.pixmap(name, theme.colours().faint, 28)
    spot = QRect(0, 0, 28, 28)
    spot.moveCenter(rect.center())
    painter.drawPixmap(spot, drawn)


def _paint_sheet(painter: QPainter, rect: QRect, hit: Hit) -> None:
    scheme = theme.colours()
    painter.fillRect(rect, QColor(scheme.side))
    inner = rect.adjusted(14, 14, -14, -12)
    line_px = painter.fontMetrics().lineSpacing()
    inner.setHeight(30 + (inner.height() - 30) // line_px * line_px)
    painter.drawPixmap(inner.x(), inner.y(), icons.pixmap("file-text", scheme.accent, 20))
    suffix = hit.path.suffix.lstrip(".").upper()
    painter.setPen(QColor(scheme.faint))
    painter.drawText(
        inner.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, suffix
    )
    text = " ".join((hit.snippet or hit.title or "").split())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    painter.setPen(QColor(scheme.text))
    painter.setClipRect(inner)
    painter.drawText(QRectF(inner.adjusted(0, 30, 0, 0)), text[:400], option)


def _paint_score(painter: QPainter, rect: QRect, score: float) -> None:
    text = f"{score:.0%}"
    metrics = QFontMetrics(painter.font())
    badge = QRect(0, 0, metrics.horizontalAdvance(text) + 14, metrics.height() + 4)
    badge.moveTopRight(rect.topRight())
    badge.translate(-8, 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 130))
    painter.drawRoundedRect(QRectF(badge), badge.height() / 2, badge.height() / 2)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)


def _paint_name(painter: QPainter, rect: QRect, hit: Hit, state: TileState) -> None:
    scheme = theme.colours()
    line = QRect(rect.x() + 2, rect.bottom() - CAPTION_PX + 3, rect.width() - 4, CAPTION_PX)
    painter.setPen(QColor(scheme.text if state.selected or state.hovered else scheme.faint))
    name = painter.fontMetrics().elidedText(
        shown(hit.path.name), Qt.TextElideMode.ElideMiddle, line.width()
    )
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
