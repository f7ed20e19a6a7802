"""The line at the top: the search field, the way back, and buttons that fold the side panels."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from desktop import icons
from desktop.window_state import WindowState


class FoldButton(QToolButton):
    """Shows and hides a panel, and remembers which it was."""

    def __init__(self, icon: str, panel: QWidget, name: str, state: WindowState) -> None:
        what_it_does = f"Show or hide the {name}"
        super().__init__()
        self.setCheckable(True)
        self.setAccessibleName(what_it_does)
        self.setToolTip(what_it_does)
        self._icon_name = icon
        self._panel = panel
        self._name = name
        self._state = state
        self._has_room = True
        self._show(state.is_shown(name))
        self.toggled.connect(self._on_toggled)
        self.tint()

    def make_room(self, has_room: bool) -> None:
        """Folds the panel as room for it goes; shows it again, if it was shown, as that comes."""
        if has_room != self._has_room:
            self._has_room = has_room
            self._show(has_room and self._state.is_shown(self._name))

    def tint(self) -> None:
        """Takes on the colours in use."""
        self.setIcon(icons.icon(self._icon_name))

    def _show(self, shown: bool) -> None:
        self.blockSignals(True)
        self.setChecked(shown)
        self.blockSignals(False)
        self._panel.setVisible(shown)

    def _on_toggled(self, shown: bool) -> None:
        self._panel.setVisible(shown)
        self._state.set_shown(self._name, shown)


class Toolbar(QWidget):
    """Arranges the search field, which takes what room is left, between buttons."""

    def __init__(
        self, left: FoldButton, back: QToolButton, middle: QWidget, right: FoldButton
    ) -> None:
        super().__init__()
        self.setObjectName("toolbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        row.addWidget(left)
        row.addWidget(back)
        row.addWidget(middle, 1)
        row.addWidget(right)
