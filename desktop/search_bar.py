"""The search field: words, a picture as a chip, or both, asked for as one types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from desktop import icons, intake, theme
from desktop.picture_chip import PictureChip
from engine.paths import shown
from engine.records import Hit, Query

TYPING_PAUSE_MS = 250


class SearchBar(QWidget):
    """Holds what is asked for and tells of every change."""

    query_changed = Signal(Query)
    picture_asked_for = Signal()
    chip_wanted = Signal(Path)
    left_downwards = Signal()
    file_pasted = Signal(QMimeData)
    """A picture or files, which the field itself has no use for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._query = Query()
        self.setObjectName("searchField")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumHeight(44)
        self._glass = QLabel()
        self._field = QLineEdit(
            placeholderText="Describe what you are looking for, or drop a picture",
            clearButtonEnabled=True,
        )
        self._field.setAccessibleName("Search")
        self._field.setAcceptDrops(False)  # it would take a picture for the words of its address
        self._field.installEventFilter(self)
        self._chip = PictureChip()
        self._chip.hide()
        self._pick = QToolButton()
        self._pick.setAccessibleName("Choose a picture to search with")
        self._pick.setToolTip("Search with a picture…")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self._glass)
        layout.addWidget(self._chip)
        layout.addWidget(self._field, 1)
        layout.addWidget(self._pick)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._typing.timeout.connect(self._ask)
        self._field.textChanged.connect(self._typing.start)
        self._field.returnPressed.connect(self._ask)
        self._chip.removed.connect(self.remove_picture)
        self._pick.clicked.connect(self.picture_asked_for)
        self.tint()

    @property
    def query(self) -> Query:
        """What is asked for now."""
        return self._query

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._glass.setPixmap(icons.pixmap("search", theme.colours().faint, 18))
        self._pick.setIcon(icons.icon("image"))

    def set_text(self, text: str) -> None:
        """Asks for these words."""
        self._field.setText(text)
        self._ask()

    def set_picture(self, path: Path) -> None:
        """Asks with a picture file, besides the words."""
        placeholder = icons.pixmap("image", theme.colours().faint, 18)
        self._chip.show_picture(placeholder, shown(path.name))
        self._query = replace(self._query, picture=path, like=None, like_segment=None)
        self.chip_wanted.emit(path)
        self._ask()

    def show_chip(self, path: Path, image: QImage) -> None:
        """Shows the picture of a file, if it is still asked with."""
        if path == self._query.picture and not image.isNull():
            self._chip.show_picture(QPixmap.fromImage(image), shown(path.name))

    def set_example(self, hit: Hit, thumbnail: QPixmap | None) -> None:
        """Asks for more like a hit; the words before are taken away."""
        self._chip.show_picture(thumbnail or QPixmap(), f"like {shown(hit.path.name)}")
        self._query = replace(
            self._query, picture=None, like=hit.content_id, like_segment=hit.segment_id
        )
        self._field.clear()
        self._ask()

    def remove_picture(self) -> None:
        """Asks with the words alone."""
        self._chip.hide()
        self._query = replace(self._query, picture=None, like=None, like_segment=None)
        self._ask()

    def clear(self) -> None:
        """Asks for nothing."""
        self._chip.hide()
        self._query = Query()
        self._field.clear()
        self._ask()

    def focus(self) -> None:
        """Lets one type."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def _ask(self) -> None:
        self._typing.stop()
        asked = replace(self._query, text=self._field.text())
        self._query = asked
        self.query_changed.emit(asked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("focused", event.type() is QEvent.Type.FocusIn)
            self.style().unpolish(self)
            self.style().polish(self)
        if event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.matches(QKeySequence.StandardKey.Paste):
                pasted = QGuiApplication.clipboard().mimeData()
                if intake.is_no_text(pasted):
                    self.file_pasted.emit(pasted)
                    return True
            if event.key() == Qt.Key.Key_Down:
                self.left_downwards.emit()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.clear()
                return True
        return super().eventFilter(watched, event)
