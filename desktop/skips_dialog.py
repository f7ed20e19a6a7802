"""The list of files that were not indexed, each with its reason and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from desktop import formats, open_files, questions
from desktop.table_dialog import RowsModel, TableDialog
from engine.errors import KeepsightError
from engine.paths import shown, shown_inside
from engine.readings import SkipReason
from engine.records import Skip

_COLUMNS = ("File", "Reason", "What happened and what to do", "Folder")
_TRY_AGAIN = "Try again"
_REASONS = {
    SkipReason.EMPTY: "Empty",
    SkipReason.UNREADABLE: "Cannot be opened",
    SkipReason.VANISHED: "Not there any more",
    SkipReason.CHANGING: "Still being written",
    SkipReason.CORRUPT: "Damaged",
    SkipReason.WRONG_TYPE: "Not what it is named",
    SkipReason.TOO_LARGE: "Too large",
    SkipReason.NO_TEXT: "Without words",
    SkipReason.CRASHED: "Stopped its reader",
    SkipReason.TIMED_OUT: "Took too long",
    SkipReason.OUT_OF_MEMORY: "Took too much memory",
    SkipReason.ENCRYPTED: "Locked by a password",
    SkipReason.UNSUPPORTED: "Of another type",
}


class SkipsDialog(TableDialog):
    """Accounts for every file that is not in the library, and shows each in its folder."""

    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.model = RowsModel(_COLUMNS, _cells)
        self._tried_again: frozenset[Skip] = frozenset()
        super().__init__("Skipped files", self.model, ((0, 200), (1, 160), (3, 220)), parent)
        self.setWindowTitle("Skipped files")
        self.resize(960, 520)
        self._reveal = QPushButton("Show in folder")
        self._reveal.setEnabled(False)
        self._reveal.clicked.connect(lambda: self._show(self.table.currentIndex().row()))
        self._retry = QPushButton(_TRY_AGAIN)
        self._retry.clicked.connect(self._try_again)
        copy = QPushButton("Copy list")
        copy.clicked.connect(self._copy)
        for place, button in enumerate((self._reveal, self._retry, copy)):
            self.buttons.insertWidget(place, button)
        self.table.row_opened.connect(self._show)
        self.table.selectionModel().selectionChanged.connect(self._offer)
        self.model.modelReset.connect(self._offer)

    def show_skips(self, skips: Sequence[Skip]) -> None:
        """Lists these files; what is listed already stays as one reads it."""
        if tuple(skips) != self.model.rows:
            self.model.show_rows(skips)
        # One that failed anew is listed with another time, and one that is read not at all.
        if self._tried_again.isdisjoint(skips):
            self._retry.setText(_TRY_AGAIN)
        self.summary.setText(_summary(skips))

    def _try_again(self) -> None:
        # Files inside others, and of other types, are not tried again: nothing of theirs changes.
        self._tried_again = frozenset(
            s for s in self.model.rows if not s.member and s.reason is not SkipReason.UNSUPPORTED
        )
        if self._tried_again:
            self._retry.setText("Trying again…")
        self.retry_requested.emit()

    def _offer(self) -> None:
        self._reveal.setEnabled(self.table.selectionModel().hasSelection())

    def _show(self, row: int) -> None:
        try:
            open_files.reveal(self.model.rows[row].path)
        except KeepsightError as error:
            questions.tell(self, error.title, error.message)

    def _copy(self) -> None:
        lines = (
            f"{shown_inside(s.path, s.member)}\t{_REASONS[s.reason]}\t{s.detail}"
            for s in self.model.rows
        )
        QApplication.clipboard().setText("\n".join(lines))

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._retry.setText(_TRY_AGAIN)


def _summary(skips: Sequence[Skip]) -> str:
    """What could not be read, apart from what was to no avail and what is of other types."""
    reasons = Counter(skip.reason for skip in skips)
    others = reasons.pop(SkipReason.UNSUPPORTED, 0)
    wordless = reasons.pop(SkipReason.NO_TEXT, 0)
    told = [
        (number, one if number == 1 else many)
        for number, one, many in (
            (reasons.total(), "could not be read", "could not be read"),
            (wordless, "has no words", "have no words"),
            (others, "is of another type", "are of other types"),
        )
        if number
    ]
    if not told:
        return "No file was skipped"
    (number, first), *rest = told
    files = formats.count(number, "file", "files")
    return "; ".join([f"{files} {first}", *(f"{number:,} {is_so}" for number, is_so in rest)])


def _cells(skip: Skip) -> tuple[str, ...]:
    name = shown_inside(skip.path.name, skip.member)
    return (name, _REASONS[skip.reason], skip.detail, shown(skip.path.parent))
