"""Lets one choose how matches are ordered: the best first, or the newest."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from desktop.menu_button import MenuButton

_NAMES = {False: "Best first", True: "Newest first"}


class OrderButton(MenuButton):
    """Says which order is in use, and opens a menu with both."""

    newest_first_changed = Signal(bool)

    def __init__(self, *, newest_first: bool) -> None:
        super().__init__()
        self._newest_first = newest_first
        self.setToolTip("Order of matches")
        menu = QMenu(self)
        group = QActionGroup(menu)
        for value, name in _NAMES.items():
            action = menu.addAction(name, partial(self._choose, value))
            action.setCheckable(True)
            action.setChecked(value is newest_first)
            group.addAction(action)
        self.setMenu(menu)
        self._tell()

    @property
    def newest_first(self) -> bool:
        """Whether matches are ordered by date."""
        return self._newest_first

    def _choose(self, newest_first: bool) -> None:
        if newest_first is not self._newest_first:
            self._newest_first = newest_first
            self._tell()
            self.newest_first_changed.emit(newest_first)

    def _tell(self) -> None:
        name = _NAMES[self._newest_first]
        self.setText(f"{name} ▾")
        self.setAccessibleName(f"Order of matches: {name}")
