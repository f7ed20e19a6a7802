from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import QApplication

from desktop.skips_dialog import SkipsDialog
from engine.readings import SkipReason
from engine.records import FileId, Skip

SKIPS = [
    Skip(FileId(n), Path(f"/p/{n}.jpg"), SkipReason.CORRUPT, "damaged", 1, datetime.now(UTC))
    for n in (1, 2)
]


def test_every_skipped_file_is_listed_with_its_reason(qtbot) -> None:
    dialog = SkipsDialog()
    qtbot.addWidget(dialog)
    dialog.show_skips(SKIPS)
    assert dialog.summary.text() == "2 files were not indexed"
    assert dialog.model.index(0, 0).data() == "1.jpg"
    assert dialog.model.index(0, 1).data() == "corrupt"
    dialog._copy()
    assert QApplication.clipboard().text().splitlines()[0] == "/p/1.jpg\tcorrupt\tdamaged"
