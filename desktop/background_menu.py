"""Lets one choose what goes on in the background, once everything is indexed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from desktop import icons
from desktop.menu_button import MenuButton, SwitchMenu
from engine.records import Background

_NAME = "What goes on in the background"


class BackgroundButton(MenuButton):
    """Opens a menu with a switch for each."""

    chosen = Signal(Background)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(_NAME)
        self.setToolTip(_NAME)
        menu = SwitchMenu(self, toolTipsVisible=True)
        menu.setAccessibleName(_NAME)
        menu.addAction("When everything is indexed").setEnabled(False)
        self._closer = self._add(
            menu,
            "Look closer at photos",
            "Finds small things in photos.\n"
            "Takes about four times as long as indexing them did, and some room on the disk.",
        )
        self._text = self._add(
            menu,
            "Read text in pictures",
            "Finds photos and scans by the words in them.\nTakes about a second for each.",
        )
        self.setMenu(menu)
        self.tint()

    def show_chosen(self, chosen: Background) -> None:
        """Checks what is chosen."""
        self._closer.setChecked(chosen.looks_closer)
        self._text.setChecked(chosen.recognises_text)

    def tint(self) -> None:
        """Takes on the colours in use."""
        self.setIcon(icons.icon("sliders-horizontal"))

    def _add(self, menu: QMenu, name: str, brings_and_costs: str) -> QAction:
        switch = menu.addAction(name)
        switch.setCheckable(True)
        switch.setToolTip(brings_and_costs)
        switch.triggered.connect(self._tell)
        return switch

    def _tell(self) -> None:
        self.chosen.emit(Background(self._closer.isChecked(), self._text.isChecked()))
