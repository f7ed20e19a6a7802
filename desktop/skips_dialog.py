"""The list of files that were not indexed, each with its reason and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from desktop import formats
from engine.paths import shown, shown_inside
from engine.records import Skip

_COLUMNS = ("File", "Reason", "What happened and what to do", "Folder")
_Index = QModelIndex | QPersistentModelIndex


class SkipsModel(QAbstractTableModel):
    """Skipped files as rows."""

    def __init__(self, skips: Sequence[Skip] = ()) -> None:
        super().__init__()
        self._skips = tuple(skips)

    def show_skips(self, skips: Sequence[Skip]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self._skips = tuple(skips)
        self.endResetModel()

    @property
    def skips(self) -> tuple[Skip, ...]:
        """The rows."""
        return self._skips

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._skips)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        skip = self._skips[index.row()]
        name = shown_inside(skip.path.name, skip.member)
        cells = (name, skip.reason.value, skip.detail, shown(skip.path.parent))
        return cells[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | None:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None


class SkipsDialog(QDialog):
    """Accounts for every file that is not in the library."""

    retry_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Skipped files")
        self.resize(960, 520)
        self.model = SkipsModel()
        self._summary = QLabel(objectName="title")
        self._table = QTableView(accessibleName="Skipped files")
        self._table.setModel(self.model)
        self._table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self._table.setShowGrid(False)
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 200), (1, 130), (3, 220)):
            self._table.setColumnWidth(column, width)
        retry = QPushButton("Try again")
        retry.clicked.connect(self.retry_requested)
        copy = QPushButton("Copy list")
        copy.clicked.connect(self._copy)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(retry)
        buttons.addWidget(copy)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(14)
        layout.addWidget(self._summary)
        layout.addWidget(self._table, 1)
        layout.addLayout(buttons)

    def show_skips(self, skips: Sequence[Skip]) -> None:
        """Lists these files."""
        self.model.show_skips(skips)
        self._summary.setText(
            f"{formats.count(len(skips), 'file was', 'files were')} not indexed"
            if skips
            else "Every file is indexed"
        )

    def _copy(self) -> None:
        lines = (
            f"{shown_inside(s.path, s.member)}\t{s.reason}\t{s.detail}" for s in self.model.skips
        )
        QApplication.clipboard().setText("\n".join(lines))
