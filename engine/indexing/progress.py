"""How far indexing is, how fast it goes and how long it will take."""

from __future__ import annotations

import time
from collections import deque

from engine.events import IndexProgress, Phase

WINDOW_S = 15.0
"""The rate is that of the last seconds, so that a slow start or a pause is soon forgotten."""


class Meter:
    """Counts files and tells an IndexProgress."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.skipped = 0
        self._marks: deque[tuple[float, int]] = deque()
        self._began = time.monotonic()

    def start(self) -> None:
        """A run starts."""
        self.total, self.done, self.skipped = 0, 0, 0
        self._marks.clear()
        self._began = time.monotonic()

    def expect(self, waiting: int) -> None:
        """`waiting` files are left to do."""
        self.total = self.done + waiting
        if not self._marks:
            self._marks.append((time.monotonic(), self.done))

    def advance(self, *, done: int, skipped: int) -> None:
        """`done` more files are through, `skipped` of them with a reason."""
        now = time.monotonic()
        self.done += done
        self.skipped += skipped
        self.total = max(self.total, self.done)
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()

    def reach(self, done: int, total: int) -> None:
        """`done` of `total` are through, since the start."""
        if not self._marks:
            self._marks.append((self._began, self.done))
        self.expect(total - self.done)
        self.advance(done=done - self.done, skipped=0)
        self.total = total

    def told(self, phase: Phase) -> IndexProgress:
        """The state of things."""
        rate, left = 0.0, None
        if len(self._marks) > 1:
            (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
            rate = (n1 - n0) / max(t1 - t0, 1e-3)
            left = (self.total - self.done) / rate if rate > 0 else None
        return IndexProgress(phase, self.done, self.total, self.skipped, rate, left)
