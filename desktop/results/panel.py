"""The middle of the window: a line about the answer, the grid, or what to do where it is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop import formats
from desktop.elided_label import ElidedLabel
from desktop.question import all_known
from desktop.results import sections
from desktop.results.empty_state import EmptyState
from desktop.results.order_button import OrderButton
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.results.view import ResultsView
from desktop.usual_folders import usual_folders
from engine.events import IndexProgress, Phase
from engine.paths import shown_inside
from engine.search_records import Band, Hit, Query, SearchResult

SMALLEST_TILE_PX = 96
LARGEST_TILE_PX = 420
ZOOM_PX = 24
_NOTCH = 120
"""By how much a wheel turns in one step, in Qt's unit, eighths of a degree."""

_HOW_TO_GO_ON = "Let it go on with ▷ at the bottom of the window."


class ResultsPanel(QWidget):
    """Shows an answer."""

    tile_size_changed = Signal(int)
    add_folder_requested = Signal()
    newest_first_changed = Signal(bool)
    skips_requested = Signal()

    def __init__(self, cache: ThumbnailCache, tile_px: int, *, newest_first: bool = False) -> None:
        super().__init__()
        self._result: SearchResult | None = None
        self._told = ""
        self._lists_all = False
        self.view = ResultsView(cache)
        self.view.chosen_changed.connect(self._count_chosen)
        self.empty = EmptyState()
        self.empty.action_requested.connect(self.add_folder_requested)
        self._summary = ElidedLabel()
        self._summary.setObjectName("faint")
        self._skipped = QToolButton()
        self._skipped.clicked.connect(self.skips_requested)
        self._skipped.hide()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Size of pictures")
        self._slider.setRange(SMALLEST_TILE_PX, LARGEST_TILE_PX)
        self._slider.setFixedWidth(90)
        self._slider.setToolTip("Size of pictures")
        self._slider.valueChanged.connect(self._on_size)
        self._order = OrderButton(newest_first=newest_first)
        self._order.newest_first_changed.connect(self._on_order)
        # The line keeps its height, so that what lies below it stays where it is.
        for control in (self._order, self._slider):
            policy = control.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            control.setSizePolicy(policy)
        line = QHBoxLayout()
        line.setContentsMargins(16, 8, 16, 0)
        line.setSpacing(12)
        line.addWidget(self._summary, 1)
        line.addWidget(self._order)
        line.addWidget(self._slider)
        below = QHBoxLayout()
        below.setContentsMargins(12, 0, 16, 0)
        below.addWidget(self._skipped)
        below.addStretch()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addLayout(below)
        layout.addWidget(self._stack, 1)
        self._slider.setValue(tile_px)

    def show_result(self, result: SearchResult, *, has_folders: bool, progress: Phase) -> None:
        """Shows an answer, or why it is empty."""
        # However many are asked for, it is the same question.
        same = self._result is not None and _question(self._result) == _question(result)
        self._result = result
        self._told = _summary(result)
        self._show_hits(result, keep_place=same)
        self._skipped.setText(_skipped(result))
        self._skipped.setToolTip(_which_skipped(result))
        self._skipped.setVisible(bool(result.skipped))
        self._slider.setVisible(bool(result.hits))
        self._order.setVisible(_is_ranked(result))
        self._stack.setCurrentWidget(self.view if result.hits else self.empty)
        if not result.hits:
            self._explain(result, has_folders, progress)

    def show_failure(self, title: str, message: str) -> None:
        """Shows why there is no answer."""
        self._result = None
        self._told = ""
        self._lists_all = False
        self.view.show_hits((), ())
        self._skipped.hide()
        self._slider.hide()
        self._order.hide()
        self.empty.tell("triangle-alert", title, message)
        self._stack.setCurrentWidget(self.empty)

    def show_progress(self, progress: IndexProgress) -> None:
        """Tells those who wait for the first files that these are on their way."""
        is_empty = self._stack.currentWidget() is self.empty
        if is_empty and self._lists_all and progress.phase is not Phase.IDLE:
            self._tell_of_reading(progress.phase, _on_their_way(progress))

    def _show_hits(self, result: SearchResult, *, keep_place: bool) -> None:
        hits: Sequence[Hit] = result.hits
        known, ranked = all_known(result), _is_ranked(result)
        if not ranked:
            headings = sections.by_month(hits)
        elif self._order.newest_first:
            hits, headings = sections.newest_first(hits, all_known=known)
        else:
            headings = sections.by_band(hits, all_known=known)
        self.view.show_hits(
            hits, headings, ranked=ranked, words=result.words, keep_place=keep_place
        )

    def _tell_of_reading(self, phase: Phase, how_far: str) -> None:
        if phase is Phase.PAUSED:
            self.empty.tell("pause", "Indexing is paused", _HOW_TO_GO_ON)
        elif phase is Phase.STOPPED:
            self.empty.tell("triangle-alert", "Indexing stopped", _HOW_TO_GO_ON)
        else:
            self.empty.tell("layers", "Reading your files", how_far)

    def _explain(self, result: SearchResult, has_folders: bool, phase: Phase) -> None:
        self._lists_all = has_folders and result.query.is_empty
        if not has_folders:
            self.empty.tell(
                "folder-plus",
                "Find anything by describing it",
                "Choose the folders with your photos and documents. They are read once, on this "
                "computer, and nothing ever leaves it.",
                "Choose a folder…",
                usual_folders(),
            )
        elif result.query.is_empty and phase is not Phase.IDLE:
            self._tell_of_reading(phase, "The first ones show in a moment.")
        elif result.query.is_empty:
            self.empty.tell(
                "image-off", "Nothing here", "There are no photos or documents in this place."
            )
        elif result.skipped:
            self.empty.tell("search", _skipped(result), _which_skipped(result))
        elif phase in (Phase.SCANNING, Phase.INDEXING):
            self.empty.tell(
                "search",
                "Nothing found yet",
                "Your files are still being read, and what comes is looked for as well.",
            )
        elif result.no_filters:
            self.empty.tell(
                "search",
                "Nothing found",
                f"{', '.join(result.no_filters)} is no filter, and was searched for as words.",
            )
        elif '"' in result.query.text:
            self.empty.tell(
                "search",
                "Nothing found",
                "No file has the words in quotes, one after the other. Take the quotes off to "
                "search by meaning.",
            )
        elif unknown := _unknown(result):
            self.empty.tell(
                "search",
                "Nothing found",
                f"The model does not know: {unknown}. Try other words, or another language.",
            )
        else:
            in_place = result.query.kind is not None or result.query.folder_id is not None
            or_place = ", or another place at the left" if in_place else ""
            self.empty.tell(
                "search", "Nothing found", f"Try other words or fewer filters{or_place}."
            )

    def zoom(self, steps: float) -> None:
        """Makes pictures larger by some steps, or smaller where these are below 0."""
        self._slider.setValue(round(self._slider.value() + steps * ZOOM_PX))

    def _count_chosen(self, count: int) -> None:
        """Adds to what is said of the answer how many hits are selected, where they are several."""
        selected = f"   {count:,} selected" if count > 1 else ""
        self._summary.setText(f"{self._told}{selected}")

    def _on_size(self, tile_px: int) -> None:
        self.view.set_tile_size(tile_px)
        self.tile_size_changed.emit(tile_px)

    def _on_order(self, newest_first: bool) -> None:
        if self._result is not None:
            self._show_hits(self._result, keep_place=False)
        self.newest_first_changed.emit(newest_first)

    # Qt's own

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(event.angleDelta().y() / _NOTCH)
        else:
            super().wheelEvent(event)


def _question(result: SearchResult) -> Query:
    return replace(result.query, limit=0)


def _is_ranked(result: SearchResult) -> bool:
    """Whether it is an answer to a search, and no list of what there is."""
    return not result.query.is_empty and any(hit.matches for hit in result.hits)


def _summary(result: SearchResult) -> str:
    if not result.hits:
        return ""
    parts = [_matches(result) if _is_ranked(result) else _newest(result)]
    if unknown := _unknown(result):
        parts.append(f"The model does not know: {unknown}")
    if result.no_filters:
        parts.append(f"Not a filter, searched for as words: {', '.join(result.no_filters)}")
    return "   ".join(parts)


def _newest(result: SearchResult) -> str:
    count = len(result.hits)
    files = formats.count(count, "file", "files") if all_known(result) else f"{count:,}+ files"
    return f"{files}, newest first" if count > 1 else files


def _matches(result: SearchResult) -> str:
    good = sum(hit.band is not Band.WEAK for hit in result.hits)
    if not good:
        return "Nothing fits well; these are the nearest"
    if good < len(result.hits) or all_known(result):
        return formats.count(good, "match", "matches")
    return f"{good:,}+ matches"


def _skipped(result: SearchResult) -> str:
    files = formats.count(result.skipped, "file", "files")
    return f"{files} of this name {'was' if result.skipped == 1 else 'were'} skipped"


def _which_skipped(result: SearchResult) -> str:
    """Some of the skipped files, and what is the matter with each."""
    told = [f"{shown_inside(skip.path, skip.member)}: {skip.detail}" for skip in result.skips]
    return "\n".join([*told, "…"] if result.skipped > len(told) else told)


def _unknown(result: SearchResult) -> str:
    """What the model does not know of a query, a whole language or some words."""
    return result.unknown_language or ", ".join(result.unknown_words)


def _on_their_way(progress: IndexProgress) -> str:
    if progress.phase is Phase.SCANNING:
        return "Looking through your folders…"
    return f"{progress.done:,} of {progress.total:,} files are read."
