"""A button that opens a menu, and a menu of switches."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QKeyEvent
from PySide6.QtWidgets import QMenu, QToolButton


class MenuButton(QToolButton):
    """Opens its menu at once. Its text or icon says so: the style's arrow would lie across it."""

    def __init__(self) -> None:
        super().__init__()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")

    def _look_for_mouse(self) -> None:
        # Of a mouse that leaves while the menu is open, Qt tells the menu alone.
        has_mouse = self.rect().contains(self.mapFromGlobal(QCursor.pos()))
        self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, has_mouse)
        self.update()

    # Qt's own

    def setMenu(self, menu: QMenu) -> None:
        super().setMenu(menu)
        menu.aboutToHide.connect(self._look_for_mouse)


class SwitchMenu(QMenu):
    """A menu in which Space switches and leaves open, as in a row of check boxes."""

    # Qt's own

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.activeAction()
        if event.key() == Qt.Key.Key_Space and current is not None:
            current.trigger()
        else:
            super().keyPressEvent(event)
