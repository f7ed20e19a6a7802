"""Paints one hit as a tile: a photo filling its square, or a document as a sheet of its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap, QTextOption

from desktop import formats, icons, theme
from desktop.hit_lines import name_of
from desktop.results.grid_layout import CAPTION_PX
from desktop.text_marks import around
from engine.readings import Kind
from engine.search_records import Band, Hit

RADIUS_PX = 8
RING_PX = 3
MOST_ENLARGED = 2


@dataclass(frozen=True, slots=True)
class TileState:
    """How a tile is to look."""

    selected: bool
    current: bool
    hovered: bool
    ranked: bool
    words: tuple[str, ...] = ()
    """What was asked for: a sheet begins near the first of them."""


def paint(
    painter: QPainter, rect: QRect, hit: Hit, thumbnail: QPixmap | None, state: TileState
) -> None:
    """Paints `hit` into `rect`: its picture, its name, and how well it matches."""
    scheme = theme.colours()
    picture = QRect(rect.x(), rect.y(), rect.width(), rect.height() - CAPTION_PX)
    percent = f"{hit.score:.0%}" if state.ranked and hit.band is not Band.WEAK else ""
    shape = QPainterPath()
    shape.addRoundedRect(QRectF(picture), RADIUS_PX, RADIUS_PX)
    painter.save()
    painter.setClipPath(shape)
    painter.fillRect(picture, QColor(scheme.placeholder))
    if not hit.has_picture:
        room = _badge(painter, picture, percent, at_top=True).left() if percent else picture.right()
        _paint_sheet(painter, picture, hit, state.words, head_right=room)
    elif thumbnail is not None and not thumbnail.isNull():
        _paint_picture(painter, picture, thumbnail, hit)
    elif thumbnail is not None:
        _paint_icon(painter, picture, "image-off" if hit.online else "hard-drive")
    if state.hovered:
        painter.fillRect(picture, QColor(255, 255, 255, 28))
    painter.restore()
    if hit.has_picture:  # what is white at its edge has none on white
        painter.setPen(QColor(scheme.separator))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(
            QRectF(picture).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_PX, RADIUS_PX
        )
    if percent:
        _paint_badge(painter, picture, percent, at_top=True)
    if hit.has_picture and (mark := _mark(hit)):
        _paint_badge(painter, picture, mark, at_top=False)
    if state.selected or state.current:
        ring = QColor(scheme.accent if state.selected else scheme.faint)
        painter.setPen(ring)
        pen = painter.pen()
        pen.setWidth(RING_PX)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(picture).adjusted(1, 1, -1, -1), RADIUS_PX, RADIUS_PX)
    _paint_name(painter, rect, hit, state)


def _mark(hit: Hit) -> str:
    """What tells others from a photo: a page, the moment found or the length, files with it."""
    if hit.kind is Kind.VIDEO:
        found = hit.spot.second if hit.matches else None
        return formats.clock(hit.details.duration_s or 0 if found is None else found)
    if hit.kind is Kind.DOCUMENT:
        page = f" · p. {hit.spot.page}" if (hit.spot.page or 1) > 1 else ""
        return f"{_suffix(hit)}{page}"
    return " + ".join(dict.fromkeys(_suffix_of(path) for path in hit.companions))


def _suffix(hit: Hit) -> str:
    return _suffix_of(PurePath(hit.member)) if hit.member else _suffix_of(hit.path)


def _suffix_of(path: PurePath) -> str:
    return path.suffix.lstrip(".").upper()


def picture_size(thumbnail: QSize, tile: QSize, hit: Hit) -> QSize:
    """How large a thumbnail is painted: filling its tile, but for pages that are wide.

    What is small itself is shown at most at twice its size.
    """
    is_wide_page = hit.kind is Kind.DOCUMENT and thumbnail.width() > thumbnail.height()
    expanding = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    mode = Qt.AspectRatioMode.KeepAspectRatio if is_wide_page else expanding
    filling = thumbnail.scaled(tile, mode)
    own_px = max(_edge_px(thumbnail), hit.details.width or 0, hit.details.height or 0)
    most = MOST_ENLARGED * own_px / _edge_px(thumbnail)
    return filling if filling.width() <= most * thumbnail.width() else thumbnail * most


def _edge_px(size: QSize) -> int:
    return max(size.width(), size.height())


def _paint_picture(painter: QPainter, rect: QRect, thumbnail: QPixmap, hit: Hit) -> None:
    target = QRect(QPoint(), picture_size(thumbnail.size(), rect.size(), hit))
    target.moveCenter(rect.center())
    if hit.kind is Kind.DOCUMENT:
        painter.fillRect(rect, Qt.GlobalColor.white)
        if target.height() > rect.height():  # the head of a page is at its top
            target.moveTop(rect.top())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(target, thumbnail)


def _paint_icon(painter: QPainter, rect: QRect, name: str) -> None:
    drawn = icons.pixmap(name, theme.colours().faint, 28)
    spot = QRect(0, 0, 28, 28)
    spot.moveCenter(rect.center())
    painter.drawPixmap(spot, drawn)


def _paint_sheet(
    painter: QPainter, rect: QRect, hit: Hit, words: Sequence[str], *, head_right: int
) -> None:
    """A sheet with its text; the first line, of its type, ends before `head_right`."""
    scheme = theme.colours()
    painter.fillRect(rect, QColor(scheme.side))
    inner = rect.adjusted(14, 14, -14, -12)
    line_px = painter.fontMetrics().lineSpacing()
    inner.setHeight(30 + (inner.height() - 30) // line_px * line_px)
    icon = "folder-archive" if hit.kind is Kind.ARCHIVE else "file-text"
    painter.drawPixmap(inner.x(), inner.y(), icons.pixmap(icon, scheme.accent, 20))
    suffix = _suffix(hit)
    head = inner.adjusted(28, 0, 0, 0)
    if head.left() + painter.fontMetrics().horizontalAdvance(suffix) < head_right:
        painter.setPen(QColor(scheme.faint))
        painter.drawText(head, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, suffix)
    text = around(" ".join((hit.snippet or hit.details.title or "").split()), words)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    painter.setPen(QColor(scheme.text))
    painter.setClipRect(inner)
    painter.drawText(QRectF(inner.adjusted(0, 30, 0, 0)), text[:400], option)


def _badge(painter: QPainter, rect: QRect, text: str, *, at_top: bool) -> QRect:
    """Where a badge lies: in a corner at the right."""
    metrics = painter.fontMetrics()
    badge = QRect(0, 0, metrics.horizontalAdvance(text) + 14, metrics.height() + 4)
    badge.moveRight(rect.right() - 8)
    badge.moveTop(rect.top() + 8 if at_top else rect.bottom() - 8 - badge.height())
    return badge


def _paint_badge(painter: QPainter, rect: QRect, text: str, *, at_top: bool) -> None:
    """Words on a dark pill."""
    badge = _badge(painter, rect, text, at_top=at_top)
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
        name_of(hit), Qt.TextElideMode.ElideMiddle, line.width()
    )
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
