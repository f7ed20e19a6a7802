"""Holds back paths of a folder that changed until they have settled."""

from __future__ import annotations

import time
from pathlib import Path

from engine.sources import rules

SETTLE_S = 1.0
"""A path has settled when its size and mtime have not changed for this long."""

RECENT_S = 60.0
HOLD_S = 60.0
"""One that changes again within RECENT_S is held back for twice as long as the last time, up to
HOLD_S: a log that is written to all day is not read all day."""

MANY_PATHS = 2_000
"""Above this many unsettled paths, they are the whole folder instead: the bound of the queue.

A burst of that size may also have been too much for the system's own: Linux holds 16,384 events,
several for each file.
"""

WHOLE = Path()

_Signature = tuple[int, int] | None


class Settling:
    """What changed below `root` and has not settled. Used under its owner's lock."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._changed: dict[Path, tuple[_Signature, float]] = {}
        self._taken: dict[Path, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._changed)

    def notice(self, relative: Path) -> None:
        """Takes in that something happened at a path; WHOLE is all of the folder."""
        if len(self._changed) >= MANY_PATHS:
            relative = WHOLE
        if relative == WHOLE and WHOLE not in self._changed:
            self._changed.clear()
        if WHOLE not in self._changed:
            self._changed[relative] = (self._signature(relative), time.monotonic())

    def take(self) -> frozenset[Path]:
        """What has settled, but for what is left out."""
        now = time.monotonic()
        settled = set()
        for relative, (signature, since) in list(self._changed.items()):
            current = self._signature(relative)
            if current != signature:
                self._changed[relative] = (current, now)
            elif now - since >= SETTLE_S and self._may_go(relative, now):
                del self._changed[relative]
                if not rules.leaves_out(self._root, relative):
                    settled.add(relative)
        if settled:
            self._remember(settled, now)
        return frozenset(settled)

    def _signature(self, relative: Path) -> _Signature:
        """What tells that a path is still written to. All of a folder settles by the clock alone:
        its mtime changes with each file that comes, for as long as a copy takes."""
        return None if relative == WHOLE else signature(self._root / relative)

    def _may_go(self, relative: Path, now: float) -> bool:
        taken_at, hold_s = self._taken.get(relative, (now, 0.0))
        return now - taken_at >= hold_s

    def _remember(self, settled: set[Path], now: float) -> None:
        self._taken = {
            relative: (taken_at, hold_s)
            for relative, (taken_at, hold_s) in self._taken.items()
            if now - taken_at <= hold_s + RECENT_S
        }
        for relative in settled:
            _, hold_s = self._taken.get(relative, (now, SETTLE_S / 2))
            self._taken[relative] = (now, min(2 * hold_s, HOLD_S))


def signature(path: Path) -> _Signature:
    """Size in bytes and mtime in nanoseconds, or None where nothing is there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
