"""What a person is asked, and how they answer."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QWidget

from desktop import questions
from engine.records import Folder, FolderId, FolderState


@pytest.mark.parametrize(("answer", "is_meant"), [("Enter", False), ("Remove", True)])
def test_enter_alone_forgets_no_folder(qtbot, tmp_path, answer: str, is_meant: bool) -> None:
    folder = Folder(FolderId(1), tmp_path, FolderState.ONLINE, files=9, indexed=9, skipped=0)
    window = QWidget()
    qtbot.addWidget(window)

    def reply() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert box.text() == "Remove this folder?"
        if answer == "Enter":
            QTest.keyClick(box, Qt.Key.Key_Return)
        else:
            next(button for button in box.buttons() if button.text() == answer).click()

    QTimer.singleShot(0, reply)
    assert questions.may_remove(window, folder) is is_meant


@pytest.mark.parametrize("name", ["a.jpg", "a.heic", "a.avif", "a.jxl", "a.nef", "a.psd"])
def test_whatever_photo_can_be_read_can_be_searched_with(qtbot, tmp_path: Path, name: str) -> None:
    photo = tmp_path / name
    photo.touch()
    window = QWidget()
    qtbot.addWidget(window)
    offered: list[str] = []

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        offered.extend(dialog.nameFilters())
        dialog.selectFile(str(photo))
        dialog.accept()

    QTimer.singleShot(0, choose)
    assert questions.picture(window) == photo
    assert f"*{photo.suffix}" in re.split("[ ()]", offered[0])
    assert offered[1] == "All files (*)"
