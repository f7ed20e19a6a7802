"""What those hear who cannot see the grid: the current hit, its place, and how well it matches."""

from __future__ import annotations

import sys

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from desktop.hit_lines import name_of, verdict_of
from engine.search_records import Hit


def described(hit: Hit, *, number: int, count: int, ranked: bool) -> str:
    """A hit in words; `number` counts from 1."""
    match = f"{verdict_of(hit).lower()}, " if ranked else ""
    return f"{name_of(hit)}, {hit.kind}, {match}{number:,} of {count:,}"


def tell(widget: QWidget, text: str) -> None:
    """Has a screen reader say `text` now, and again whenever `widget` gets the focus."""
    widget.setAccessibleDescription(text)
    # Of a new description only the readers of Linux are told; those would say both.
    if sys.platform != "linux":
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
