"""The network ledger: every request that ever left this computer for Keepsight."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import (
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
from engine.model_records import Sent

EXPLANATION = (
    "Keepsight connects only while you install a model. No photo, document, search or account is "
    "ever sent: a request names a model's file, and its bytes come back."
)
_COLUMNS = ("When (UTC)", "To", "Why", "Received", "Outcome")
_Index = QModelIndex | QPersistentModelIndex


class SentModel(QAbstractTableModel):
    """Requests as rows, the newest first."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Sent, ...] = ()

    def show_sent(self, sent: Sequence[Sent]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self._rows = tuple(reversed(sent))
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        sent = self._rows[index.row()]
        when = sent.when.replace("T", " ").partition("+")[0]
        received = formats.size(sent.received_bytes)
        return (when, sent.host, sent.why, received, sent.outcome)[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | None:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None


class ModelSentDialog(QDialog):
    """Accounts for every connection."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("What left this computer")
        self.resize(820, 460)
        self.model = SentModel()
        self._summary = QLabel(objectName="title")
        self._table = QTableView(accessibleName="Requests that left this computer")
        self._table.setModel(self.model)
        self._table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self._table.setShowGrid(False)
        self._table.verticalHeader().hide()
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 160), (1, 160), (3, 100), (4, 160)):
            self._table.setColumnWidth(column, width)
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch()
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(14)
        layout.addWidget(self._summary)
        layout.addWidget(QLabel(EXPLANATION, objectName="faint", wordWrap=True))
        layout.addWidget(self._table, 1)
        layout.addLayout(foot)

    def show_sent(self, sent: Sequence[Sent]) -> None:
        """Lists these requests."""
        self.model.show_sent(sent)
        self._summary.setText(
            f"{formats.count(len(sent), 'request', 'requests')} left this computer"
            if sent
            else "Nothing ever left this computer"
        )
