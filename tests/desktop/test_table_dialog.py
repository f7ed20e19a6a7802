import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView

from desktop.table_dialog import RowsModel, TableDialog


def test_the_model_is_sound(qapp) -> None:
    model = RowsModel[int](("Number", "Square"), lambda n: (str(n), str(n * n)))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_rows([1, 2, 3])
    assert (model.rowCount(), model.columnCount()) == (3, 2)
    assert model.index(2, 1).data() == "9"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Square"
    model.show_rows([])
    assert model.rowCount() == 0


@pytest.fixture
def texts(qtbot) -> TableDialog:
    """A narrow table of texts, without any yet."""
    model = RowsModel[str](("Number", "Name", "Text"), lambda text: ("1", "a", text))
    dialog = TableDialog("Texts", model, ((0, 100), (1, 100)))
    qtbot.addWidget(dialog)
    dialog.resize(500, 400)
    dialog.show()
    return dialog


def test_rows_are_as_high_as_what_they_say(texts: TableDialog) -> None:
    table = texts.findChild(QTableView)
    model = table.model()
    model.show_rows(["short", "word " * 60, *["short"] * 1000])
    lines = table.fontMetrics().lineSpacing()
    assert table.rowHeight(0) < 3 * lines < 6 * lines < table.rowHeight(1)
    model.show_rows(["short"] * 1000 + ["word " * 60])
    table.scrollToBottom()
    assert table.rowHeight(1000) > 6 * lines


def test_the_keys_home_and_end_lead_to_the_first_row_and_the_last(
    texts: TableDialog, qtbot
) -> None:
    table = texts.findChild(QTableView)
    model = table.model()
    qtbot.keyClick(table, Qt.Key.Key_End)
    assert not table.currentIndex().isValid(), "there is none"
    model.show_rows(["word " * 60] * 100)
    for key, row in ((Qt.Key.Key_End, 99), (Qt.Key.Key_Home, 0)):
        qtbot.keyClick(table, key)
        assert [index.row() for index in table.selectionModel().selectedRows()] == [row]
        assert table.currentIndex().row() == row
        qtbot.waitUntil(lambda row=row: table.rowAt(0) <= row <= last_in_view(table))


def last_in_view(table: QTableView) -> int:
    last = table.rowAt(table.viewport().height() - 1)
    return last if last >= 0 else table.model().rowCount() - 1
