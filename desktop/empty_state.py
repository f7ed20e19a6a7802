"""What is shown where there are no hits: why, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from desktop import icons, theme


class EmptyState(QWidget):
    """An icon, a title, an explanation and, where it helps, a button."""

    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = "search"
        self._icon = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel(objectName="bigTitle", alignment=Qt.AlignmentFlag.AlignCenter)
        self._message = QLabel(objectName="faint", alignment=Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setMaximumWidth(460)
        self._button = QPushButton(objectName="primary")
        self._button.clicked.connect(self.action_requested)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(2)
        for widget in (self._icon, self._title, self._message, self._button):
            layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def tell(self, icon: str, title: str, message: str, action: str = "") -> None:
        """Says what is the matter, and offers `action`."""
        self._icon_name = icon
        self._title.setText(title)
        self._message.setText(message)
        self._message.setFixedWidth(460)
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
