"""Does what panels ask for with the files of hits: opens, shows and copies them, or offers that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from desktop import open_files
from desktop.bridge import Bridge
from desktop.results.hit_menu import HitMenu
from engine.errors import KeepsightError
from engine.search_records import Hit


class FilesDesk(QObject):
    """What a person does with files that were found."""

    similar_requested = Signal(Hit)
    large_requested = Signal()
    failed = Signal(str, str)

    def __init__(self, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._bridge = bridge
        self._window = window
        bridge.file_ready.connect(self.open_path)

    def open_hit(self, hit: Hit) -> None:
        """Opens a hit's file; one inside another is taken out of it first."""
        self._bridge.want_file(hit)

    def open_path(self, path: Path) -> None:
        """Opens a file or a folder."""
        self._try(open_files.open_file, path)

    def reveal_hit(self, hit: Hit) -> None:
        """Shows a hit's file in its folder."""
        self.reveal_path(hit.path)

    def reveal_path(self, path: Path) -> None:
        """Shows a file in its folder."""
        self._try(open_files.reveal, path)

    def show_menu(self, hits: list[Hit], position: QPoint) -> None:
        """Offers what can be done with hits."""
        menu = HitMenu(hits, self._window)
        menu.open_requested.connect(self.open_hit)
        menu.reveal_requested.connect(self.reveal_hit)
        menu.large_requested.connect(self.large_requested)
        menu.similar_requested.connect(self.similar_requested)
        menu.popup(position)

    def _try(self, action: Callable[[Path], None], path: Path) -> None:
        try:
            action(path)
        except KeepsightError as error:
            self.failed.emit(error.title, error.message)
