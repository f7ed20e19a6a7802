"""The grid of hits: bands or months as headings, tiles painted only while they show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from desktop import theme
from desktop.hit_lines import in_short
from desktop.results import heading_painter, keyboard, screen_reader, tile_painter
from desktop.results.dragging import drag_out
from desktop.results.grid_layout import Anchor, GridLayout, Section
from desktop.results.selection import Selection
from desktop.results.thumbnail_cache import ThumbnailCache, edge_for
from desktop.results.tile_painter import TileState
from engine.search_records import Hit

SETTLE_MS = 40
AHEAD_SCREENS = 0.5
_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class ResultsView(QAbstractScrollArea):
    """Shows hits in sections; says which is current, and what is asked of them.

    A menu is asked for with all that are selected, the one that it is to act on first.
    """

    current_changed = Signal(object)
    chosen_changed = Signal(int)
    """How many hits are selected now."""

    opened = Signal(Hit)
    menu_requested = Signal(list, QPoint)
    copy_requested = Signal(list)
    large_requested = Signal()
    thumbnails_wanted = Signal(list, int)
    end_neared = Signal()

    def __init__(self, cache: ThumbnailCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cache = cache
        self._hits: Sequence[Hit] = ()
        self._sections: Sequence[Section] = ()
        self._ranked = False
        self._words: tuple[str, ...] = ()
        self._tile_px = 180
        self._selection = Selection()
        self._hovered: int | None = None
        self._pressed_at: QPoint | None = None
        self._layout = GridLayout((), 1, self._tile_px)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Results")
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def show_hits(
        self,
        hits: Sequence[Hit],
        sections: Sequence[Section],
        *,
        ranked: bool = False,
        words: tuple[str, ...] = (),
        keep_place: bool = False,
    ) -> None:
        """Replaces what is shown, by what `words` found, and begins at the top.

        With `keep_place`, what was selected, current and in view stays so.
        """
        places = {hit.content_id: i for i, hit in enumerate(hits)} if keep_place else {}

        def place_of(index: int) -> int | None:
            return places.get(self._hits[index].content_id)

        anchor = self._anchor(place_of)
        self._selection.move(place_of)
        self._hovered = None
        self._hits, self._sections, self._ranked = hits, tuple(sections), ranked
        self._words = words
        self._relayout(anchor)
        if self.current_hit is None:
            self.setAccessibleDescription("")
        self._show_chosen()
        self.current_changed.emit(self.current_hit)

    def set_tile_size(self, tile_px: int) -> None:
        """Makes tiles about this wide; the row at the top stays in view."""
        anchor = self._anchor(lambda index: index)
        self._tile_px = tile_px
        self._relayout(anchor)

    def thumbnail_arrived(self) -> None:
        """Repaints, since a thumbnail was put into the cache."""
        self.viewport().update()

    @property
    def words(self) -> tuple[str, ...]:
        """What the hits were found by."""
        return self._words

    @property
    def hits(self) -> Sequence[Hit]:
        """All hits that are shown, in order."""
        return self._hits

    @property
    def current_hit(self) -> Hit | None:
        """The hit that the keyboard acts on."""
        current = self._selection.current
        return self._hits[current] if current is not None else None

    @property
    def selected_hits(self) -> list[Hit]:
        """The selected hits, in order."""
        return [self._hits[index] for index in sorted(self._selection.chosen)]

    def select(self, index: int, *, add: bool = False, extend: bool = False) -> None:
        """Makes a hit current and selects it: alone, besides others, or all up to it."""
        self._selection.choose(index, add=add, extend=extend)
        self._show_current()

    def step(self, by: int) -> None:
        """Makes the hit current, alone, that stands so many places further; or the last one."""
        if self._selection.current is not None:
            self.select(self._layout.moved(self._selection.current, by, 0))

    def rect_of(self, index: int) -> QRect:
        """Where a hit shows, in the viewport."""
        tile = self._layout.tile(index)
        top = self.verticalScrollBar().value()
        return QRect(tile.x, tile.y - top, tile.width, tile.height)

    def _show_current(self) -> None:
        """Brings the current hit into view, and tells which it is."""
        index, hit = self._selection.current, self.current_hit
        if index is None or hit is None:
            return
        self._bring_into_view(index)
        self._show_chosen()
        words = screen_reader.described(
            hit, number=index + 1, count=len(self._hits), ranked=self._ranked
        )
        screen_reader.tell(self, words)
        self.current_changed.emit(hit)

    def _show_chosen(self) -> None:
        self.viewport().update()
        self.chosen_changed.emit(len(self._selection.chosen))

    def _bring_into_view(self, index: int) -> None:
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setValue(self._layout.top_showing(index, bar.value(), height))

    def _anchor(self, place_of: Callable[[int], int | None]) -> Anchor | None:
        top = self.verticalScrollBar().value()
        return self._layout.anchor(top, top + self.viewport().height(), place_of)

    def _relayout(self, anchor: Anchor | None) -> None:
        self._layout = GridLayout(self._sections, self.viewport().width(), self._tile_px)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._layout.height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(24, self._tile_px // 3))
        bar.setValue(self._layout.top_at(anchor))
        self.viewport().update()
        self._settle.start()

    def _on_scrolled(self) -> None:
        self._hovered = None
        self.viewport().update()
        self._settle.start()

    @property
    def _thumbnail_px(self) -> int:
        return edge_for(self._tile_px * self.devicePixelRatioF())

    def _on_settled(self) -> None:
        """Asks for the thumbnails in view and just below it, and for more hits at the end."""
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        ahead = int(height * AHEAD_SCREENS)
        if top + height + ahead >= self._layout.height:
            self.end_neared.emit()
        hits = [self._hits[t.index] for t in self._layout.visible(top, top + height + ahead)]
        edge = self._thumbnail_px
        self.thumbnails_wanted.emit(
            [hit for hit in hits if hit.has_picture and self._cache.lacks(hit.segment_id, edge)],
            edge,
        )

    def _index_at(self, position: QPoint) -> int | None:
        return self._layout.at(position.x(), position.y() + self.verticalScrollBar().value())

    # Qt's own

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.viewport().rect(), QColor(theme.colours().content))
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        heading_painter.paint(painter, self._layout.headings(top, top + height), top=top)
        for tile in self._layout.visible(top, top + height):
            hit = self._hits[tile.index]
            state = TileState(
                selected=tile.index in self._selection.chosen,
                current=tile.index == self._selection.current and self.hasFocus(),
                hovered=tile.index == self._hovered,
                ranked=self._ranked,
                words=self._words,
            )
            thumbnail = self._cache.at_hand(hit.segment_id, self._thumbnail_px)
            tile_painter.paint(painter, self.rect_of(tile.index), hit, thumbnail, state)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        # Where a key leads to is seen: at the first one in view, where none is current.
        if event.reason() in _BY_KEY and self.current_hit is None:
            top = self.verticalScrollBar().value()
            in_view = self._layout.visible(top, top + self.viewport().height())
            for tile in in_view[:1]:
                self.select(tile.index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relayout(self._anchor(lambda index: index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        height = self.viewport().height()
        start = self._selection.current
        target = keyboard.target(key, self._layout, start=start, height_px=height)
        if target is not None:
            self.select(target, extend=extend)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current_hit:
            self.opened.emit(self.current_hit)
        elif key == Qt.Key.Key_Space and self._hits:
            if self._selection.current is None:
                self.select(0)
            self.large_requested.emit()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self._selection.choose_all(len(self._hits))
            self._show_chosen()
            screen_reader.tell(self, f"{len(self._hits):,} selected")
        elif event.matches(QKeySequence.StandardKey.Copy):
            if self._selection.chosen:
                self.copy_requested.emit(self.selected_hits)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position().toPoint())
        modifiers = event.modifiers()
        self._pressed_at = None
        is_left = event.button() is Qt.MouseButton.LeftButton
        if index is None:
            self._selection.clear()
            self._show_chosen()
            return
        if is_left:
            self._pressed_at = event.position().toPoint()
        if index in self._selection.chosen and not (is_left and modifiers):
            # All stay selected: they may be dragged from here, or meant by the menu.
            self._selection.hold(index)
            self._show_current()
        else:
            self.select(
                index,
                add=is_left and bool(modifiers & Qt.KeyboardModifier.ControlModifier),
                extend=is_left and bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if self._pressed_at is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = (position - self._pressed_at).manhattanLength()
            if moved >= QApplication.startDragDistance():
                self._pressed_at = None
                drag_out(self, self.selected_hits)
            return
        hovered = self._index_at(position)
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().setToolTip(in_short(self._hits[hovered]) if hovered is not None else "")
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        current = self._selection.current
        if self._pressed_at is not None and not event.modifiers() and current is not None:
            self.select(current)
        self._pressed_at = None

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        # What was clicked first: tiles may have moved since.
        if self._selection.chosen and self.current_hit:
            self.opened.emit(self.current_hit)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        target = self._selection.target
        if target is None:
            return
        position = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self._bring_into_view(target)
            position = self.viewport().mapToGlobal(self.rect_of(target).center())
        others = [self._hits[index] for index in sorted(self._selection.chosen - {target})]
        self.menu_requested.emit([self._hits[target], *others], position)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
        else:
            super().wheelEvent(event)
