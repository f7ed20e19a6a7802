"""Dialogs on small screens."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QScreen

from desktop.models.dialog import ModelsDialog
from desktop.skips_dialog import SkipsDialog


@pytest.mark.parametrize("make", [ModelsDialog, SkipsDialog])
def test_a_dialog_is_no_larger_than_a_small_screen(qtbot, monkeypatch, make) -> None:
    screen = QRect(0, 0, 800, 560)
    monkeypatch.setattr(QScreen, "availableSize", lambda _: screen.size())
    dialog = make()
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.width() < screen.width()
    assert dialog.height() < screen.height()
