import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QMenu

from desktop.menu_button import MenuButton


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_mouse_that_left_while_the_menu_was_open_has_left(qtbot) -> None:
    button = MenuButton()
    qtbot.addWidget(button)
    menu = QMenu(button)
    menu.addAction("One")
    button.setMenu(menu)
    button.move(QCursor.pos() + QPoint(200, 200))
    button.show()
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    menu.popup(button.pos())
    menu.close()
    assert not button.underMouse()
