"""What is shown where there are no hits: why, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop import icons, theme
from engine.paths import shown

MESSAGE_PX = 460


class EmptyState(QWidget):
    """An icon, a title, an explanation and, where it helps, buttons."""

    action_requested = Signal()
    folder_chosen = Signal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = "search"
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title.setObjectName("bigTitle")
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setObjectName("faint")
        self._button = QPushButton()
        self._button.clicked.connect(self.action_requested)
        self._folders: tuple[Path, ...] | None = None
        self._offers: list[QPushButton] = []
        self._choices = QVBoxLayout()
        self._choices.setSpacing(8)
        self._choices.addWidget(self._button)
        choices = QHBoxLayout()
        choices.addStretch()
        choices.addLayout(self._choices)
        choices.addStretch()
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(2)
        layout.addWidget(self._icon)
        layout.addLayout(_wrapped(self._title))
        layout.addLayout(_wrapped(self._message))
        layout.addLayout(choices)
        layout.addStretch(3)

    def tell(
        self,
        icon: str,
        title: str,
        message: str,
        action: str = "",
        folders: Sequence[Path] = (),
    ) -> None:
        """Says what is the matter, and offers `folders`, all or each, and `action`."""
        self._icon_name = icon
        self._title.setText(title)
        self._message.setText(message)
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._offer(tuple(folders))
        self.tint()

    @property
    def title(self) -> str:
        """What it says."""
        return self._title.text()

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._icon.setPixmap(icons.pixmap(self._icon_name, theme.colours().faint, 44))

    def _offer(self, folders: tuple[Path, ...]) -> None:
        if folders == self._folders:
            return
        self._folders = folders
        for button in self._offers:
            self._choices.removeWidget(button)
            button.hide()
            button.deleteLater()
        together = [folders] if len(folders) > 1 else []
        self._offers = [self._button_for(some) for some in (*together, *zip(folders))]
        for place, button in enumerate(self._offers):
            self._choices.insertWidget(place, button)
        for place, button in enumerate((*self._offers, self._button)):
            button.setObjectName("secondary" if place else "primary")
            button.style().polish(button)

    def _button_for(self, folders: tuple[Path, ...]) -> QPushButton:
        names = " and ".join(shown(folder.name) for folder in folders)
        button = QPushButton(names.replace("&", "&&"))
        button.setToolTip("\n".join(map(shown, folders)))
        button.clicked.connect(lambda: self._choose(folders))
        return button

    def _choose(self, folders: tuple[Path, ...]) -> None:
        for folder in folders:
            self.folder_chosen.emit(folder)


def _wrapped(label: QLabel) -> QHBoxLayout:
    """A line with `label` in its middle, which wraps where there is no room for all of it."""
    label.setWordWrap(True)
    label.setMaximumWidth(MESSAGE_PX)
    line = QHBoxLayout()
    line.addStretch(1)
    # A label that an alignment centres is given one line's height, however many it wraps into.
    line.addWidget(label, MESSAGE_PX)
    line.addStretch(1)
    return line
