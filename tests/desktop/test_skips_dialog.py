from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from desktop.skips_dialog import SkipsDialog, SkipsModel
from engine.readings import SkipReason
from engine.records import FileId, Skip

SKIPS = [
    Skip(FileId(n), Path(f"/p/{n}.jpg"), SkipReason.CORRUPT, "damaged", 1, datetime.now(UTC))
    for n in (1, 2)
]


def test_the_model_is_sound(qapp) -> None:
    model = SkipsModel(SKIPS)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_skips(SKIPS * 3)
    assert model.rowCount() == 6
    assert model.index(0, 1).data() == "corrupt"
    assert model.headerData(0, Qt.Orientation.Horizontal) == "File"


def test_every_skipped_file_is_listed_with_its_reason(qtbot) -> None:
    dialog = SkipsDialog()
    qtbot.addWidget(dialog)
    dialog.show_skips(SKIPS)
    assert dialog._summary.text() == "2 files were not indexed"
    dialog._copy()
    assert QApplication.clipboard().text().splitlines()[0] == "/p/1.jpg\tcorrupt\tdamaged"
