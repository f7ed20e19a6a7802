"""The current hit by itself, as large as the window, over all else in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from desktop import formats, hit_lines, icons
from desktop.elided_label import ElidedLabel
from desktop.hit_picture import HitPicture
from desktop.hit_text import HitText
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.theme import DARK
from engine.search_records import Hit

PICTURE_PX = 2048
TEXT_PX = 760
ICON_PX = 24
_ALMOST_ALL = 1000
"""Of the room, by the share of what keeps a narrow text in the middle."""

_GROUND = "#101012"
_STYLE = f"""
QLabel {{ color: {DARK.text}; }}
QToolButton:hover {{ background: {DARK.hover}; }}
QTextBrowser {{ color: {DARK.text}; background: {DARK.side}; padding: 16px; }}
"""
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class LargeView(QWidget):
    """Shows one hit on dark ground, however the rest is coloured, and has the keys meanwhile."""

    step_requested = Signal(int)
    open_requested = Signal(Hit)
    closed = Signal()

    def __init__(self, cache: ThumbnailCache, window: QWidget) -> None:
        super().__init__(window)
        self._hit: Hit | None = None
        self.picture = HitPicture(cache, PICTURE_PX, lambda: DARK)
        self.text = HitText()
        self.text.setMaximumWidth(TEXT_PX)
        self.text.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._caption = ElidedLabel()
        self._caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        step = self.step_requested.emit
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(_button("Previous", "chevron-left", lambda: step(-1)))
        line.addStretch(1)
        line.addWidget(self.picture, _ALMOST_ALL)
        line.addWidget(self.text, _ALMOST_ALL)
        line.addStretch(1)
        line.addWidget(_button("Next", "chevron-right", lambda: step(1)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 16)
        layout.setSpacing(12)
        layout.addWidget(_button("Close", "x", self.leave), 0, Qt.AlignmentFlag.AlignRight)
        layout.addLayout(line, 1)
        layout.addWidget(self._caption)
        self.setStyleSheet(_STYLE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Large view")
        self.hide()
        window.installEventFilter(self)

    def enter(self, hit: Hit, words: Sequence[str]) -> None:
        """Opens over the window, with a hit."""
        self.setGeometry(self.window().rect())
        self.show_hit(hit, words)
        self.raise_()
        self.show()
        self.setFocus()

    def leave(self) -> None:
        """Closes, and shows nothing any more."""
        self.hide()
        self.show_hit(None, ())
        self.closed.emit()

    def show_hit(self, hit: Hit | None, words: Sequence[str]) -> None:
        """Shows another hit, with the words of the query marked; None where it is to show none."""
        self._hit = hit
        self.picture.setVisible(hit is not None and hit.has_picture)
        self.picture.show_hit(hit, words)
        self.text.show_hit(hit if hit is not None and not hit.has_picture else None, words)
        if hit is not None:
            told = (hit_lines.name_of(hit), hit_lines.where_in(hit), formats.date(hit.shown_at))
            self._caption.setText("   ".join(filter(None, told)))
            self.setAccessibleDescription(", ".join(filter(None, told)))

    # Qt's own

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent):
            self.setGeometry(self.window().rect())
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        # Shortcuts are for what lies below, which nobody sees.
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, _next: bool) -> bool:
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Escape, Qt.Key.Key_Space):
            self.leave()
        elif key in _STEPS:
            self.step_requested.emit(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hit is not None:
            self.open_requested.emit(self._hit)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        if self._hit is not None:
            self.open_requested.emit(self._hit)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(_GROUND))


def _button(name: str, icon: str, action: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setIcon(QIcon(icons.pixmap(icon, DARK.text, ICON_PX)))
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(action)
    return button
