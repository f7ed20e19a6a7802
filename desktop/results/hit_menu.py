"""The menu of hits: what can be done with them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop import icons, open_files
from engine.records import Hit


class HitMenu(QMenu):
    """Opens the first of the hits, which was clicked; shows it, asks for more like it.

    Copies the paths of all.
    """

    open_requested = Signal(Hit)
    reveal_requested = Signal(Hit)
    similar_requested = Signal(Hit)

    def __init__(self, hits: list[Hit], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        first = hits[0]
        self.addAction(icons.icon("external-link"), "Open", lambda: self.open_requested.emit(first))
        self.addAction(
            icons.icon("folder-open"), "Show in folder", lambda: self.reveal_requested.emit(first)
        )
        copy = "Copy path" if len(hits) == 1 else f"Copy {len(hits):,} paths"
        self.addAction(icons.icon("copy"), copy, lambda: copy_paths(hits))
        self.addSeparator()
        self.addAction(
            icons.icon("sparkles"), "Find similar", lambda: self.similar_requested.emit(first)
        )


def copy_paths(hits: list[Hit]) -> None:
    """Puts the paths of hits on the clipboard."""
    open_files.copy_paths(hit.path for hit in hits)
