"""The words that were searched for last: kept on this computer, offered again, or forgotten."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop import icons
from desktop.window_state import WindowState

MOST = 10


class RecentSearches(QObject):
    """Offers them in a menu, the last first."""

    chosen = Signal(str)

    def __init__(self, state: WindowState, parent: QObject) -> None:
        super().__init__(parent)
        self._state = state

    def note(self, text: str) -> None:
        """Keeps words, unless they are kept as the last ones already."""
        words, kept = " ".join(text.split()), self._state.searches
        if words and kept[:1] != [words]:
            self._state.searches = [words, *(other for other in kept if other != words)][:MOST]

    def offer(self, field: QWidget) -> bool:
        """Lets one choose below a field; whether there is anything to choose."""
        kept = self._state.searches
        if not kept:
            return False
        menu = QMenu(field)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName("Recent searches")
        width_px = field.width() // 2
        for text in kept:
            line = menu.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width_px)
            search = menu.addAction(icons.menu_icon("history"), line.replace("&", "&&"))
            search.triggered.connect(lambda _=False, text=text: self.chosen.emit(text))
        menu.addSeparator()
        menu.addAction(icons.menu_icon("x"), "Forget these searches", self._forget)
        menu.popup(field.mapToGlobal(field.rect().bottomLeft()))
        menu.setActiveAction(menu.actions()[0])
        return True

    def _forget(self) -> None:
        self._state.searches = []
