"""Arranges the panels and connects what they ask for with the bridge."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QVBoxLayout, QWidget

from desktop import questions
from desktop.asking import Asking
from desktop.bridge import Bridge, Overview
from desktop.files_desk import FilesDesk
from desktop.hit_desk import HitDesk
from desktop.intake_desk import IntakeDesk
from desktop.models.desk import ModelsDesk
from desktop.pace import Pace
from desktop.results.hit_menu import copy_paths
from desktop.results.panel import ResultsPanel
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.sidebar import Sidebar
from desktop.skips_dialog import SkipsDialog
from desktop.status_bar import StatusBar
from desktop.toolbar import FoldButton, Toolbar
from desktop.window_state import WindowState
from engine.events import IndexProgress, Phase
from engine.paths import shown
from engine.records import Folder, SegmentId
from engine.search_records import Hit, SearchResult

LEAST_RESULTS_PX = 300
ROOMY_PX = 1000
"""A window that is narrower shows the preview only when it is asked to."""


class MainWindow(QMainWindow):
    """One window: search field, panels, results."""

    answered = Signal(SearchResult)

    def __init__(self, bridge: Bridge, state: WindowState) -> None:
        super().__init__()
        self.setWindowTitle("Keepsight")
        self._bridge = bridge
        self._state = state
        self._cache = ThumbnailCache()
        self._overview: Overview | None = None
        self._phase = Phase.IDLE
        self._asking = Asking(bridge, state, self)
        self.search_bar = self._asking.search_bar
        self.sidebar = Sidebar()
        self.results = ResultsPanel(self._cache, state.tile_px, newest_first=state.newest_first)
        self.status = StatusBar()
        self.skips_dialog = SkipsDialog(self)
        self.models = ModelsDesk(bridge.models, self)
        self.files = FilesDesk(bridge, self)
        self.hits = HitDesk(bridge, self._cache, self.results.view, self.files, self)
        self.preview = self.hits.preview
        self._intake = IntakeDesk(self)
        self._splitter = QSplitter()
        self._pace = Pace(self)
        self._pace.due.connect(self.refresh)
        self._arrange()
        self._connect_panels()
        self._connect_bridge()
        self._add_shortcuts()
        state.restore(self, self._splitter)
        self._make_room()  # before it shows: a panel too many would make it wider
        self.search_bar.focus()
        self.refresh()
        if state.is_paused:
            bridge.pause()

    # What panels ask for

    def refresh(self) -> None:
        """Asks anew for what is shown."""
        self._pace.note_look()
        self._cache.doubt_missing()
        self._bridge.load_overview()
        if self.skips_dialog.isVisible():
            self._bridge.load_skips()
        self._asking.ask()

    def search_with_picture(self, path: Path, name: str = "") -> None:
        """Asks with a picture, besides the words; it is shown as `name`, or as its file's."""
        self.search_bar.set_picture(path, name or shown(path.name))

    def remove_folder(self, folder: Folder) -> None:
        """Forgets a folder, once that is confirmed."""
        if questions.may_remove(self, folder):
            self._pace.hurry()
            self._bridge.remove_folder(folder.id)

    def find_similar(self, hit: Hit) -> None:
        """Asks for more like a hit."""
        self.search_bar.set_example(hit, self._cache.at_hand(hit.segment_id, 256))

    def tell(self, title: str, message: str) -> None:
        """Shows a message that waits for no answer."""
        questions.tell(self, title, message)

    def show_skips(self) -> None:
        """Lists the skipped files."""
        self._bridge.load_skips()
        self.skips_dialog.show()

    def retry_skips(self) -> None:
        """Tries the skipped files again; those that fail anew are listed as they do."""
        self._bridge.retry()
        self._bridge.load_skips()

    # How panels are arranged

    def _arrange(self) -> None:
        state = self._state
        self._fold_left = FoldButton("panel-left", self.sidebar, "sidebar", state)
        self._fold_right = FoldButton("panel-right", self.preview, "preview", state)
        self.results.setMinimumWidth(LEAST_RESULTS_PX)
        for panel in (self.sidebar, self.results, self.preview):
            self._splitter.addWidget(panel)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([230, 720, 330])
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        back = self._asking.way_back.button
        column.addWidget(Toolbar(self._fold_left, back, self.search_bar, self._fold_right))
        column.addWidget(self._splitter, 1)
        column.addWidget(self.status)
        self.setCentralWidget(body)

    def _connect_panels(self) -> None:
        view, files, intake = self.results.view, self.files, self._intake
        self._asking.answered.connect(self._on_answer)
        self._asking.failed.connect(self.results.show_failure)
        self._asking.entered.connect(self._enter_results)
        self.search_bar.picture_asked_for.connect(intake.pick_picture)
        self.search_bar.file_pasted.connect(intake.take)
        self.sidebar.scope_changed.connect(self._asking.narrow)
        self.sidebar.add_folder_requested.connect(intake.pick_folder)
        self.sidebar.remove_folder_requested.connect(self.remove_folder)
        self.sidebar.reveal_folder_requested.connect(lambda f: files.open_path(f.path))
        self.sidebar.picture_asked_for.connect(intake.pick_picture)
        self.sidebar.models_requested.connect(self.models.open)
        self.models.in_use_changed.connect(self.sidebar.show_model)
        self.results.add_folder_requested.connect(intake.pick_folder)
        self.results.empty.folder_chosen.connect(self._bridge.add_folder)
        self.results.tile_size_changed.connect(self._on_tile_size)
        self.results.skips_requested.connect(self.show_skips)
        self.results.newest_first_changed.connect(self._state.set_newest_first)
        view.current_changed.connect(self._asking.way_back.settle)
        view.opened.connect(files.open_hit)
        view.menu_requested.connect(files.show_menu)
        view.copy_requested.connect(copy_paths)
        view.end_neared.connect(self._asking.ask_for_more)
        view.thumbnails_wanted.connect(self._bridge.want_thumbnails)
        self.status.pause_requested.connect(lambda: self._set_paused(True))
        self.status.resume_requested.connect(lambda: self._set_paused(False))
        self.status.skips_requested.connect(self.show_skips)
        self.status.background.chosen.connect(self._bridge.set_background)
        self.skips_dialog.retry_requested.connect(self.retry_skips)
        intake.folder_brought.connect(self._bridge.add_folder)
        intake.picture_brought.connect(self.search_with_picture)
        intake.text_brought.connect(self.search_bar.set_text)
        files.similar_requested.connect(self.find_similar)
        files.failed.connect(self.tell)

    def _connect_bridge(self) -> None:
        bridge = self._bridge
        bridge.thumbnail_loaded.connect(self._on_thumbnail)
        bridge.progress_changed.connect(self._on_progress)
        bridge.library_changed.connect(self._pace.note_change)
        bridge.overview_loaded.connect(self._on_overview)
        bridge.skips_loaded.connect(self.skips_dialog.show_skips)
        self.status.background.show_chosen(bridge.background)
        bridge.background_set.connect(self.status.background.show_chosen)
        bridge.failed.connect(self.tell)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._tint)

    def _add_shortcuts(self) -> None:
        for keys, action in (
            ("Ctrl+F", self.search_bar.focus),
            ("/", self.search_bar.focus),
            (QKeySequence.StandardKey.HelpContents, self.search_bar.show_help),
            (QKeySequence.StandardKey.ZoomIn, lambda: self.results.zoom(1)),
            ("Ctrl+=", lambda: self.results.zoom(1)),
            (QKeySequence.StandardKey.ZoomOut, lambda: self.results.zoom(-1)),
            ("Ctrl+V", self._intake.paste),
            ("Ctrl+O", self._intake.pick_folder),
            ("Ctrl+I", self._fold_right.toggle),
            ("Escape", self.search_bar.clear),
            ("Shift+F10", self._open_menu),
            ("Ctrl+Q", self.close),
        ):
            QShortcut(QKeySequence(keys), self, action)

    def _open_menu(self) -> None:
        """Asks what has the keyboard for its menu, which on Linux Qt does for the menu key only."""
        asked = self.focusWidget()
        if asked is not None:
            place: QRect = asked.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
            by_key, at = QContextMenuEvent.Reason.Keyboard, place.center()
            QApplication.sendEvent(asked, QContextMenuEvent(by_key, at, asked.mapToGlobal(at)))

    # What happens

    def _enter_results(self) -> None:
        view = self.results.view
        if view.hits:
            view.setFocus()
            if view.current_hit is None:
                view.select(0)

    def _on_answer(self, result: SearchResult) -> None:
        has_folders = bool(self._overview and self._overview.folders)
        self.results.show_result(result, has_folders=has_folders, progress=self._phase)
        self._pace.note_answer(result.seconds)
        self.answered.emit(result)

    def _on_overview(self, overview: Overview) -> None:
        had_folders = bool(self._overview and self._overview.folders)
        self._overview = overview
        self.sidebar.show_folders(overview.folders)
        self.sidebar.show_counts(overview.counts)
        self.status.show_counts(overview.counts, has_folders=bool(overview.folders))
        if had_folders != bool(overview.folders):
            self._asking.ask()

    def _set_paused(self, paused: bool) -> None:
        self._state.is_paused = paused
        (self._bridge.pause if paused else self._bridge.resume)()

    def _on_progress(self, progress: IndexProgress) -> None:
        if progress.phase in (Phase.IDLE, Phase.STOPPED):
            self._pace.hurry()
        self._phase = progress.phase
        self.status.show_progress(progress)
        self.models.show_progress(progress)
        self.results.show_progress(progress)

    def _on_thumbnail(self, segment_id: SegmentId, edge_px: int, image: QImage) -> None:
        if edge_px <= 512:
            self._cache.put(segment_id, edge_px, image)
            self.results.view.thumbnail_arrived()

    def _on_tile_size(self, tile_px: int) -> None:
        self._state.tile_px = tile_px

    def _make_room(self) -> None:
        self._fold_right.make_room(self.width() >= ROOMY_PX)

    def _tint(self) -> None:
        panels = (self.search_bar, self.sidebar, self.preview, self.status, self.results.empty)
        for tinted in (*panels, self._fold_left, self._asking.way_back, self._fold_right):
            tinted.tint()

    # Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What nobody had a use for: letters are meant for the search, wherever they are typed.
        has_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if not has_alt and event.text().isprintable() and event.text().strip():
            self.search_bar.type_on(event.text())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.windowHandle().installEventFilter(self._asking.way_back)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._asking.close()
        self._pace.stop()
        self._state.keep(self, self._splitter)
        self._intake.close()
        super().closeEvent(event)
