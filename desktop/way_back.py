"""Goes back to what was asked before, and forth again: a button, keys, and those of a mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QToolButton, QWidget

from desktop import icons
from desktop.history import Asked, History
from engine.search_records import Hit

_STEPS = {Qt.MouseButton.BackButton: -1, Qt.MouseButton.ForwardButton: 1}


class WayBack(QObject):
    """Follows the questions of a window, and says which one is wanted again."""

    wanted = Signal(Asked)
    left = Signal(str)
    """The words of a question that came to its end: it was looked into, or another was asked."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._history = History()
        self.button = QToolButton()
        self.button.setAccessibleName("Back")
        self.button.clicked.connect(lambda: self._go(-1))
        back, forward = QKeySequence.StandardKey.Back, QKeySequence.StandardKey.Forward
        keys = QKeySequence(back).toString(QKeySequence.SequenceFormat.NativeText)
        self.button.setToolTip(f"Back to what was asked before ({keys})")
        QShortcut(back, window, lambda: self._go(-1))
        QShortcut(forward, window, lambda: self._go(1))
        self._show_state()
        self.tint()

    def note(self, asked: Asked) -> None:
        """Takes up what is asked now."""
        before = self._history.note(asked)
        if before is not None:
            self.left.emit(before.query.text)
        self._show_state()

    def settle(self, hit: Hit | None) -> None:
        """Keeps the question asked now, once a hit of its answer is looked at."""
        if hit is not None:
            self._history.settle()
            self.left.emit(self._history.now.query.text)

    def tint(self) -> None:
        """Takes on the colours in use."""
        self.button.setIcon(icons.icon("arrow-left"))

    def _go(self, steps: int) -> None:
        asked = self._history.go(steps)
        self._show_state()
        if asked is not None:
            self.wanted.emit(asked)

    def _show_state(self) -> None:
        self.button.setEnabled(self._history.can_go_back)

    # Qt's own

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the native window: any panel would take a button of the mouse for a click."""
        if isinstance(event, QMouseEvent) and event.button() in _STEPS:
            if event.type() is QEvent.Type.MouseButtonPress:
                self._go(_STEPS[event.button()])
            return True
        return super().eventFilter(watched, event)
