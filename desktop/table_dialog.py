"""A dialog that accounts for something in a table of texts, a row for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from desktop.fitting import fit

BETWEEN_ROWS_PX = 12
MOST_IN_VIEW = 50

Row = TypeVar("Row")
_Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Records as rows; `cells` gives what each says under `columns`."""

    def __init__(self, columns: Sequence[str], cells: Callable[[Row], Sequence[str]]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._cells = cells
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replaces the rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
        ):
            return None
        return self._cells(self.rows[index.row()])[index.column()]

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | None:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section]
        return None


class _Cell(QStyledItemDelegate):
    """Leaves room between rows. A padding in the style would: but then rows are made as high as
    their texts are without it, and these are cut.
    """

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return super().sizeHint(option, index) + QSize(0, BETWEEN_ROWS_PX)


class _Table(QTableView):
    """A table whose rows are as high as what they say.

    Only those in view are measured: of ten thousand, all would take seconds.
    """

    row_opened = Signal(int)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setItemDelegate(_Cell(self))
        self.doubleClicked.connect(lambda index: self.row_opened.emit(index.row()))
        self.verticalScrollBar().valueChanged.connect(self.fit_rows)
        self.horizontalHeader().sectionResized.connect(self.fit_rows)

    def fit_rows(self) -> None:
        """Measures the rows in view."""
        first, last = self.rowAt(0), self.rowAt(self.viewport().height())
        end = last + 1 if last >= 0 else self.model().rowCount()
        for row in range(max(first, 0), end):
            self.resizeRowToContents(row)

    # Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt's own `activated` lets Enter through, to a button of the dialog.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.row_opened.emit(self.currentIndex().row())
        # With these two keys Qt would go to a column, which nobody sees where rows are selected.
        elif event.key() == Qt.Key.Key_Home:
            self.selectRow(0)
            self.scrollToTop()
        elif event.key() == Qt.Key.Key_End:
            # Rows that only grow as they come into view would push the last one out of it.
            last = self.model().rowCount() - 1
            for row in range(max(0, last - MOST_IN_VIEW), last + 1):
                self.resizeRowToContents(row)
            self.updateGeometries()
            self.selectRow(last)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_rows()


class TableDialog(QDialog):
    """A summary above a table whose third column takes the room that is left.

    Subclasses put further buttons at the left of `buttons`, and texts between the two.
    """

    def __init__(
        self,
        name: str,
        model: QAbstractTableModel,
        widths: Sequence[tuple[int, int]],
        parent: QWidget | None = None,
    ) -> None:
        """`widths` are columns and their widths in pixels; `name` is for those who cannot see."""
        super().__init__(parent)
        self.summary = QLabel()
        self.summary.setObjectName("title")
        table = _Table(name)
        table.setModel(model)
        model.modelReset.connect(table.fit_rows)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setHighlightSections(False)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for column, width in widths:
            table.setColumnWidth(column, width)
        self.table = table
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch()
        self.buttons.addWidget(close)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(20, 20, 20, 20)
        self.column.setSpacing(14)
        self.column.addWidget(self.summary)
        self.column.addWidget(table, 1)
        self.column.addLayout(self.buttons)

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        fit(self)
        super().showEvent(event)
