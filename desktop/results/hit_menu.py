"""The menu of hits: what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from desktop import icons, open_files
from engine.search_records import Hit


class HitMenu(QMenu):
    """Opens the first of the hits, which was clicked; shows it, or more like it.

    Copies the paths of all.
    """

    open_requested = Signal(Hit)
    large_requested = Signal()
    reveal_requested = Signal(Hit)
    similar_requested = Signal(Hit)

    def __init__(self, hits: list[Hit], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        first = hits[0]
        copy = "Copy path" if len(hits) == 1 else f"Copy {len(hits):,} paths"
        opens = self._add("external-link", "Open", lambda: self.open_requested.emit(first))
        self._add("maximize", "Show large", self.large_requested.emit)
        shows = self._add(
            "folder-open", "Show in folder", lambda: self.reveal_requested.emit(first)
        )
        self._add("copy", copy, lambda: copy_paths(hits))
        self.addSeparator()
        self._add("sparkles", "Find similar", lambda: self.similar_requested.emit(first))
        for needs_file in (opens, shows):
            needs_file.setEnabled(first.online)

    def _add(self, icon: str, name: str, action: Callable[[], None]) -> QAction:
        added = self.addAction(icons.menu_icon(icon), name)
        added.triggered.connect(action)
        return added


def copy_paths(hits: list[Hit]) -> None:
    """Puts the paths of hits on the clipboard."""
    open_files.copy_paths(hit.path for hit in hits)
