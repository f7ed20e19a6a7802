"""Paces looks at the library: one as soon as it changes, but so few that they cost little."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

LEAST_REST_MS = 2_000
REST_SHARE = 20
"""How many times as long as an answer takes the rest after it is."""


class Pace(QObject):
    """Says when to look at the library again."""

    due = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_outdated = False
        self._hurried = 0
        self._rest_ms = LEAST_REST_MS
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._tell)

    def note_change(self) -> None:
        """The library is another: a look is due, now or after the rest."""
        self._is_outdated = True
        if self._hurried:
            self._hurried -= 1
            self._rest.stop()
        self._tell()

    def note_look(self) -> None:
        """What there is now is looked at: the rest begins."""
        self._is_outdated = False
        self._rest.start(self._rest_ms)

    def hurry(self) -> None:
        """The next change matters: it is looked at without a rest."""
        self._hurried += 1

    def note_answer(self, seconds: float) -> None:
        """An answer took this long: a large library is looked at less often."""
        self._rest_ms = max(LEAST_REST_MS, int(seconds * 1000 * REST_SHARE))

    def stop(self) -> None:
        """Says nothing any more, until another change."""
        self._is_outdated = False
        self._rest.stop()

    def _tell(self) -> None:
        if self._is_outdated and not self._rest.isActive():
            self.due.emit()
