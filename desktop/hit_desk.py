"""Shows the current hit: in the preview beside the grid, or large, over the whole window."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.files_desk import FilesDesk
from desktop.large_view import LargeView
from desktop.preview import Preview
from desktop.results.hit_menu import copy_paths
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.results.view import ResultsView
from engine.search_records import Hit


class HitDesk(QObject):
    """Owns both views of the current hit of `results`; only the one that is seen loads it."""

    def __init__(
        self,
        bridge: Bridge,
        cache: ThumbnailCache,
        results: ResultsView,
        files: FilesDesk,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.preview = Preview(cache)
        self.large = LargeView(cache, window)
        self._results = results
        results.current_changed.connect(self._show)
        results.large_requested.connect(self.show_large)
        files.large_requested.connect(self.show_large)
        self.preview.picture.clicked.connect(self.show_large)
        self.preview.open_requested.connect(files.open_hit)
        self.preview.reveal_requested.connect(files.reveal_hit)
        self.preview.copy_requested.connect(copy_paths)
        self.preview.copies.chosen.connect(files.reveal_path)
        self.preview.copies.wanted.connect(bridge.load_places)
        bridge.places_loaded.connect(self.preview.copies.show_places)
        self.preview.similar_requested.connect(files.similar_requested)
        self.large.open_requested.connect(files.open_hit)
        self.large.step_requested.connect(results.step)
        self.large.closed.connect(self._on_closed)
        for view in (self.preview, self.large):
            view.picture.wanted.connect(bridge.load_picture)
            view.picture.region_wanted.connect(bridge.find_region)
            bridge.region_found.connect(view.picture.show_region)
            view.text.wanted.connect(bridge.load_text)
            bridge.thumbnail_loaded.connect(view.picture.show_picture)
            bridge.text_loaded.connect(view.text.show_text)

    def show_large(self) -> None:
        """Shows the current hit by itself."""
        if self._results.current_hit is not None:
            self.large.enter(self._results.current_hit, self._results.words)

    def _show(self, hit: Hit | None) -> None:
        if self.large.isHidden():
            self.preview.show_hit(hit, self._results.words)
        elif hit is not None:
            self.large.show_hit(hit, self._results.words)
        else:
            self.large.leave()

    def _on_closed(self) -> None:
        self._results.setFocus()
        self.preview.show_hit(self._results.current_hit, self._results.words)
