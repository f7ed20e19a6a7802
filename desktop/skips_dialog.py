"""The list of files that were not indexed, each with its reason and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from desktop import formats
from desktop.table_dialog import RowsModel, TableDialog
from engine.paths import shown, shown_inside
from engine.records import Skip

_COLUMNS = ("File", "Reason", "What happened and what to do", "Folder")


class SkipsDialog(TableDialog):
    """Accounts for every file that is not in the library."""

    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.model = RowsModel(_COLUMNS, _cells)
        super().__init__("Skipped files", self.model, ((0, 200), (1, 130), (3, 220)), parent)
        self.setWindowTitle("Skipped files")
        self.resize(960, 520)
        retry = QPushButton("Try again")
        retry.clicked.connect(self.retry_requested)
        copy = QPushButton("Copy list")
        copy.clicked.connect(self._copy)
        self.buttons.insertWidget(0, retry)
        self.buttons.insertWidget(1, copy)

    def show_skips(self, skips: Sequence[Skip]) -> None:
        """Lists these files; what is listed already stays as one reads it."""
        if tuple(skips) != self.model.rows:
            self.model.show_rows(skips)
        self.summary.setText(
            f"{formats.count(len(skips), 'file was', 'files were')} not indexed"
            if skips
            else "No file was skipped"
        )

    def _copy(self) -> None:
        lines = (
            f"{shown_inside(s.path, s.member)}\t{s.reason}\t{s.detail}" for s in self.model.rows
        )
        QApplication.clipboard().setText("\n".join(lines))


def _cells(skip: Skip) -> tuple[str, ...]:
    name = shown_inside(skip.path.name, skip.member)
    return (name, skip.reason.value, skip.detail, shown(skip.path.parent))
