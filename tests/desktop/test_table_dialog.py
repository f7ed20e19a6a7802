from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from desktop.table_dialog import RowsModel


def test_the_model_is_sound(qapp) -> None:
    model = RowsModel[int](("Number", "Square"), lambda n: (str(n), str(n * n)))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_rows([1, 2, 3])
    assert (model.rowCount(), model.columnCount()) == (3, 2)
    assert model.index(2, 1).data() == "9"
    assert model.headerData(1, Qt.Orientation.Horizontal) == "Square"
    model.show_rows([])
    assert model.rowCount() == 0
