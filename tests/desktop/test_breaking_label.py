import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu

from desktop.breaking_label import BreakingLabel, breakable

NAME = "Donaudampfschifffahrtsgesellschaft_und-Sohn.jpg"


def test_only_names_and_long_runs_may_break() -> None:
    assert breakable("An ordinary sentence, Unterschriften") == (
        "An ordinary sentence, Unterschriften"
    )
    assert breakable("multipart_attachments") == "multipart_\u200battachments"
    assert breakable("x" * 20).count("\u200b") == 19
    assert breakable("2024/IMG_1.jpg") == "2024/\u200bIMG_\u200b1.\u200bjpg"


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the menu, offscreen
@pytest.mark.parametrize("way", ["keys", "menu"])
def test_a_name_is_copied_as_it_is_called(qtbot, way) -> None:
    label = BreakingLabel("title")
    qtbot.addWidget(label)
    label.setText(breakable(NAME))
    label.show()
    label.setFocus()
    label.setSelection(0, len(label.text()))
    if way == "keys":
        qtbot.keyClick(label, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    else:
        asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), QPoint(5, 5))
        QApplication.sendEvent(label, asked)
        menu = label.findChild(QMenu)
        menu.actions()[0].trigger()
        menu.close()
    assert QApplication.clipboard().text() == NAME
