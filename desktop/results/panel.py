"""The middle of the window: a line about the answer, the grid, or what to do where it is empty."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from desktop import formats
from desktop.elided_label import ElidedLabel
from desktop.question import all_known
from desktop.results import sections
from desktop.results.empty_state import EmptyState
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.results.view import ResultsView
from desktop.usual_folders import usual_folders
from engine.records import Band, IndexProgress, Phase, Query, SearchResult

SMALLEST_TILE_PX = 96
LARGEST_TILE_PX = 420


class ResultsPanel(QWidget):
    """Shows an answer."""

    tile_size_changed = Signal(int)
    add_folder_requested = Signal()

    def __init__(self, cache: ThumbnailCache, tile_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answered: Query | None = None
        self.view = ResultsView(cache)
        self.empty = EmptyState()
        self.empty.action_requested.connect(self.add_folder_requested)
        self._summary = ElidedLabel()
        self._summary.setObjectName("faint")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Size of pictures")
        self._slider.setRange(SMALLEST_TILE_PX, LARGEST_TILE_PX)
        self._slider.setFixedWidth(120)
        self._slider.setToolTip("Size of pictures")
        self._slider.valueChanged.connect(self._on_size)
        line = QHBoxLayout()
        line.setContentsMargins(16, 8, 16, 0)
        line.setSpacing(12)
        line.addWidget(self._summary, 1)
        line.addWidget(self._slider)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self._stack, 1)
        self._slider.setValue(tile_px)

    def show_result(self, result: SearchResult, *, has_folders: bool, progress: Phase) -> None:
        """Shows an answer, or why it is empty."""
        asked = not result.query.is_empty and any(hit.matches for hit in result.hits)
        if asked:
            headings = sections.by_band(result.hits, all_known=all_known(result))
        else:
            headings = sections.by_month(result.hits)
        # However many are asked for, it is the same question.
        question = replace(result.query, limit=0)
        same = self._answered == question
        self._answered = question
        self.view.show_hits(
            result.hits, headings, ranked=asked, words=result.words, keep_place=same
        )
        self._summary.setText(_summary(result, asked=asked))
        self._slider.setVisible(bool(result.hits))
        self._stack.setCurrentWidget(self.view if result.hits else self.empty)
        if not result.hits:
            self._explain(result, has_folders, progress)

    def show_failure(self, title: str, message: str) -> None:
        """Shows why there is no answer."""
        self._answered = None
        self.view.show_hits((), ())
        self._summary.clear()
        self.empty.tell("triangle-alert", title, message)
        self._stack.setCurrentWidget(self.empty)

    def show_progress(self, progress: IndexProgress) -> None:
        """Tells those who wait for the first files that these are on their way."""
        if self._stack.currentWidget() is self.empty and self.empty.property("waits"):
            self.empty.tell("layers", "Reading your files", _on_their_way(progress))

    def _explain(self, result: SearchResult, has_folders: bool, phase: Phase) -> None:
        self.empty.setProperty("waits", False)
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
            self.empty.setProperty("waits", True)
            self.empty.tell("layers", "Reading your files", "The first ones show in a moment.")
        elif result.query.is_empty:
            self.empty.tell(
                "image-off", "Nothing here", "There are no photos or documents in this place."
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

    def _on_size(self, tile_px: int) -> None:
        self.view.set_tile_size(tile_px)
        self.tile_size_changed.emit(tile_px)


def _summary(result: SearchResult, *, asked: bool) -> str:
    if not result.hits:
        return ""
    parts = _matches(result) if asked else [_newest(result)]
    if unknown := _unknown(result):
        parts.append(f"The model does not know: {unknown}")
    if result.no_filters:
        parts.append(f"No filter, searched for as words: {', '.join(result.no_filters)}")
    return "   ".join(parts)


def _newest(result: SearchResult) -> str:
    count = len(result.hits)
    files = formats.count(count, "file", "files") if all_known(result) else f"{count:,}+ files"
    return f"{files}, newest first"


def _matches(result: SearchResult) -> list[str]:
    good = sum(hit.band is not Band.WEAK for hit in result.hits)
    if not good:
        text = "Nothing fits well; these are the nearest"
    elif good < len(result.hits) or all_known(result):
        text = formats.count(good, "match", "matches")
    else:
        text = f"{good:,}+ matches"
    return [text, f"{result.seconds * 1000:.0f} ms"]


def _unknown(result: SearchResult) -> str:
    """What the model does not know of a query, a whole language or some words."""
    return result.unknown_language or ", ".join(result.unknown_words)


def _on_their_way(progress: IndexProgress) -> str:
    if progress.phase is Phase.SCANNING:
        return "Looking through your folders…"
    return f"{progress.done:,} of {progress.total:,} files are read."
