from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QMessageBox

from desktop.skips_dialog import SkipsDialog
from engine.readings import SkipReason
from engine.records import FileId, Skip

SKIPS = [
    Skip(FileId(n), Path(f"/p/{n}.jpg"), SkipReason.CORRUPT, "damaged", 1, datetime.now(UTC))
    for n in (1, 2)
]
OTHER = replace(SKIPS[0], path=Path("/p/a.xmp"), reason=SkipReason.UNSUPPORTED)
WORDLESS = replace(SKIPS[0], path=Path("/p/scan.pdf"), reason=SkipReason.NO_TEXT)


@pytest.fixture
def dialog(qtbot) -> SkipsDialog:
    made = SkipsDialog()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def revealed(monkeypatch) -> list[Path]:
    """The folders that were opened, as on a Linux desktop."""
    opened: list[Path] = []
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(Path(url.toLocalFile())) or True
    )
    return opened


def test_every_skipped_file_is_listed_with_its_reason(dialog: SkipsDialog) -> None:
    dialog.show_skips(SKIPS)
    assert dialog.model.index(0, 0).data() == "1.jpg"
    assert dialog.model.index(0, 1).data() == "Damaged"
    dialog._copy()
    assert QApplication.clipboard().text().splitlines()[0] == "/p/1.jpg\tDamaged\tdamaged"


def test_every_reason_has_words(dialog: SkipsDialog) -> None:
    dialog.show_skips([replace(SKIPS[0], reason=reason) for reason in SkipReason])
    words = {dialog.model.index(row, 1).data() for row in range(len(SkipReason))}
    assert len(words) == len(SkipReason)


@pytest.mark.parametrize(
    ("skips", "told"),
    [
        ([], "No file was skipped"),
        (SKIPS, "2 files could not be read"),
        ([OTHER], "1 file is of another type"),
        ([*SKIPS, OTHER], "2 files could not be read; 1 is of another type"),
        ([SKIPS[0], OTHER, OTHER], "1 file could not be read; 2 are of other types"),
        ([WORDLESS], "1 file has no words"),
        (
            [*SKIPS, WORDLESS, OTHER],
            "2 files could not be read; 1 has no words; 1 is of another type",
        ),
    ],
)
def test_files_of_other_types_are_counted_apart(dialog: SkipsDialog, skips, told: str) -> None:
    dialog.show_skips(skips)
    assert dialog.summary.text() == told


def test_a_file_is_shown_in_its_folder(dialog, qtbot, tmp_path: Path, revealed) -> None:
    folders = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for folder in folders:
        folder.mkdir()
        (folder / "x.jpg").touch()
    dialog.show_skips([replace(SKIPS[0], path=folder / "x.jpg") for folder in folders])
    assert not dialog._reveal.isEnabled()
    table = dialog.table
    middle = table.visualRect(dialog.model.index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert revealed == [folders[1]]
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert revealed == folders[1:]
    assert dialog.isVisible()
    dialog._reveal.click()
    assert revealed[2:] == [folders[2]]
    dialog.show_skips([])
    assert not dialog._reveal.isEnabled()


def test_what_happened_to_a_file_that_is_gone_is_told(dialog, tmp_path: Path, revealed) -> None:
    dialog.show_skips([replace(SKIPS[0], path=tmp_path / "gone.jpg")])
    dialog.table.selectRow(0)
    dialog._reveal.click()
    box = dialog.findChild(QMessageBox)
    assert "gone.jpg was moved" in box.informativeText()
    assert revealed == []
    box.close()


def test_one_sees_that_files_are_tried_again_until_they_were(dialog: SkipsDialog) -> None:
    dialog.show_skips(SKIPS)
    dialog._retry.click()
    dialog.show_skips(SKIPS)
    assert dialog._retry.text() == "Trying again…"
    failed_anew = replace(SKIPS[1], attempts=2)
    dialog.show_skips([SKIPS[0], failed_anew, OTHER])
    assert dialog._retry.text() == "Trying again…", "one of them waits still"
    dialog.show_skips([failed_anew, OTHER])
    assert dialog._retry.text() == "Try again"
    dialog.show_skips([OTHER])
    dialog._retry.click()
    assert dialog._retry.text() == "Try again", "no more becomes known of what is of other types"
