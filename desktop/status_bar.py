"""The line at the bottom: what there is, how far indexing is, what was skipped."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QWidget

from desktop import formats, icons
from desktop.background_menu import BackgroundButton
from desktop.elided_label import ElidedLabel
from engine.events import IndexProgress, Phase
from engine.readings import SkipReason
from engine.records import Counts


class StatusBar(QWidget):
    """Shows counts and progress; pauses and resumes."""

    pause_requested = Signal()
    resume_requested = Signal()
    skips_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumHeight(36)
        self._phase = Phase.IDLE
        self._has_failures = False
        self._has_folders = False
        self._counts = ElidedLabel()
        self._doing = ElidedLabel()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName("Indexing")
        self._bar.setFixedWidth(140)
        self._pause = QToolButton()
        self._pause.clicked.connect(self._on_pause)
        self.background = BackgroundButton()
        self._skips = QToolButton()
        self._skips.setAccessibleName("Skipped files")
        self._skips.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._skips.setToolTip("Files that were not indexed, and why")
        self._skips.clicked.connect(self.skips_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(10)
        layout.addWidget(self._counts)
        layout.addStretch()
        for widget in (self._doing, self._bar, self._pause, self.background, self._skips):
            layout.addWidget(widget)
        self.show_progress(IndexProgress(Phase.IDLE))
        self.show_counts(Counts(), has_folders=False)

    def show_counts(self, counts: Counts, *, has_folders: bool) -> None:
        """Shows the library in numbers."""
        self._has_folders = has_folders
        self.background.setVisible(has_folders)
        self._hide_what_says_nothing()
        told = [
            formats.count(counts.photos, "photo", "photos"),
            formats.count(counts.documents, "document", "documents"),
        ]
        if counts.videos:
            told.append(formats.count(counts.videos, "video", "videos"))
        if counts.archives:
            told.append(formats.count(counts.archives, "archive", "archives"))
        self._counts.setText(" · ".join(told))
        # Files of other types are listed, and those without words counted, but are no concern.
        others = counts.skipped_by_reason.get(SkipReason.UNSUPPORTED, 0)
        skipped = sum(counts.skipped_by_reason.values()) - others
        self._has_failures = skipped > counts.skipped_by_reason.get(SkipReason.NO_TEXT, 0)
        self._skips.setText(f"{skipped:,} skipped" if skipped else f"{others:,} of other types")
        self._skips.setVisible(skipped + others > 0)
        self.tint()

    def show_progress(self, progress: IndexProgress) -> None:
        """Shows how far indexing is."""
        self._phase = progress.phase
        busy = progress.phase is not Phase.IDLE
        # A bar without an end moves, which what rests does not.
        self._bar.setVisible(busy and (not self._rests or progress.total > 0))
        self._pause.setVisible(busy)
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._doing.setText(_told(progress))
        self._hide_what_says_nothing()
        name = "Go on with indexing" if self._rests else "Pause indexing"
        self._pause.setToolTip(name)
        self._pause.setAccessibleName(name)
        self.tint()

    def show_standstill(self, title: str, message: str) -> None:
        """Says why nothing is indexed, until it goes on."""
        self.show_progress(IndexProgress(Phase.STOPPED))
        self._doing.setText(title)
        self._doing.setToolTip(message)

    def tint(self) -> None:
        """Takes on the colours in use."""
        self.background.tint()
        self._pause.setIcon(icons.icon("play" if self._rests else "pause"))
        self._skips.setIcon(icons.icon("triangle-alert" if self._has_failures else "file-text"))

    @property
    def _rests(self) -> bool:
        """Whether indexing only goes on when that is asked for."""
        return self._phase in (Phase.PAUSED, Phase.STOPPED)

    def _hide_what_says_nothing(self) -> None:
        self._doing.setVisible(self._has_folders or self._phase is not Phase.IDLE)

    def _on_pause(self) -> None:
        (self.resume_requested if self._rests else self.pause_requested).emit()


def _told(progress: IndexProgress) -> str:
    files_left = f"{formats.count(progress.total - progress.done, 'file', 'files')} left"
    done = f"{progress.done:,} of {progress.total:,}"
    when = ""
    if progress.seconds_left is not None:
        when = f", {formats.duration(progress.seconds_left)} left"
    rest = f", {files_left}" if progress.total > progress.done else ""
    indexing = f"Indexing {progress.files_per_s:.0f}/s{when}" if when else f"Indexing{rest}"
    return {
        Phase.SCANNING: "Looking through folders",
        Phase.PAUSED: f"Paused{rest}",
        Phase.STOPPED: f"Stopped{rest}",
        Phase.PREPARING: f"Preparing {progress.model}: {done}{when}",
        Phase.LOOKING_CLOSER: f"Looking closer at photos: {done}{when}",
        Phase.RECOGNISING: f"Reading text in pictures: {done}{when}",
        Phase.INDEXING: indexing,
        Phase.IDLE: "Up to date",
    }[progress.phase]
