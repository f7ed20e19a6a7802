"""What is shown where there are no hits: why, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop import icons, theme

MESSAGE_PX = 460


class EmptyState(QWidget):
    """An icon, a title, an explanation and, where it helps, a button."""

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = "search"
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title.setObjectName("bigTitle")
        self._message = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setObjectName("faint")
        self._button = QPushButton()
        self._button.setObjectName("primary")
        self._button.clicked.connect(self.action_requested)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(2)
        layout.addWidget(self._icon)
        layout.addLayout(_wrapped(self._title))
        layout.addLayout(_wrapped(self._message))
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def tell(self, icon: str, title: str, message: str, action: str = "") -> None:
        """Says what is the matter, and offers `action`."""
        self._icon_name = icon
        self._title.setText(title)
        self._message.setText(message)
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.tint()

    @property
    def title(self) -> str:
        """What it says."""
        return self._title.text()

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._icon.setPixmap(icons.pixmap(self._icon_name, theme.colours().faint, 44))


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
