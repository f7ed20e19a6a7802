"""The search field: words, a picture as a chip, or both, asked for as one types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from desktop import icons, intake, theme
from desktop.history import Asked
from desktop.picture_chip import Example, PictureChip
from desktop.search_help import Filter, SearchHelp
from engine.paths import shown
from engine.readings import Kind
from engine.search_records import Hit, Query

TYPING_PAUSE_MS = 250
_ICONS = {Kind.PHOTO: "image", Kind.VIDEO: "film", Kind.ARCHIVE: "folder-archive"}


class SearchBar(QWidget):
    """Holds what is asked for and tells of every change."""

    query_changed = Signal(Query)
    picture_asked_for = Signal()
    chip_wanted = Signal(Path)
    entered = Signal()
    left_downwards = Signal()
    file_pasted = Signal(QMimeData)
    """A picture or files, which the field itself has no use for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked = Asked()
        self.setObjectName("searchField")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumHeight(44)
        self._glass = QLabel()
        self._field = QLineEdit(clearButtonEnabled=True)
        self._field.setAccessibleName("Search")
        self._field.setAcceptDrops(False)  # it would take a picture for the words of its address
        self._field.installEventFilter(self)
        self._chip = PictureChip()
        self._pick = QToolButton()
        self._pick.setAccessibleName("Choose a picture to search with")
        self._pick.setToolTip("Search with a picture…")
        self._ask_help = QToolButton()
        self._ask_help.setAccessibleName("What you can ask, and keys")
        keys = QKeySequence(QKeySequence.StandardKey.HelpContents)
        native = keys.toString(QKeySequence.SequenceFormat.NativeText)
        self._ask_help.setToolTip(f"What you can ask, and keys ({native})")
        self._help = SearchHelp(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(8)
        layout.addWidget(self._glass)
        layout.addWidget(self._chip)
        layout.addWidget(self._field, 1)
        layout.addWidget(self._pick)
        layout.addWidget(self._ask_help)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_PAUSE_MS)
        self._typing.timeout.connect(self._ask)
        self._field.textChanged.connect(self._typing.start)
        self._field.returnPressed.connect(self._enter)
        self._chip.removed.connect(self.remove_picture)
        self._pick.clicked.connect(self.picture_asked_for)
        self._ask_help.clicked.connect(self.show_help)
        self._help.chosen.connect(self.add_filter)
        self._show_example()
        self.tint()

    @property
    def query(self) -> Query:
        """What is asked for now."""
        return self._asked.query

    @property
    def asked(self) -> Asked:
        """What is asked for now, and how its picture shows."""
        return self._asked

    @property
    def is_settled(self) -> bool:
        """Whether nothing was typed since it was asked for."""
        return not self._typing.isActive()

    def tint(self) -> None:
        """Takes on the colours in use."""
        self._glass.setPixmap(icons.pixmap("search", theme.colours().faint, 18))
        self._pick.setIcon(icons.icon("image"))
        self._ask_help.setIcon(icons.icon("circle-question-mark"))
        self._chip.tint()

    def put(self, asked: Asked) -> None:
        """Asks for this instead."""
        self._asked = asked
        self._show_example()
        self._field.setText(asked.query.text)
        if asked.query.picture is not None:
            self.chip_wanted.emit(asked.query.picture)
        self._ask()

    def set_text(self, text: str) -> None:
        """Asks for these words."""
        self._field.setText(text)
        self._ask()

    def set_picture(self, path: Path, name: str) -> None:
        """Asks with a picture file, which is shown as `name`, besides the words."""
        query = Query(text=self._field.text(), picture=path)
        self.put(Asked(query, Example(name, "image")))

    def show_chip(self, path: Path, image: QImage) -> None:
        """Shows the picture of a file, if it is still asked with."""
        example = self._asked.example
        if example is not None and path == self.query.picture and not image.isNull():
            example = replace(example, picture=QPixmap.fromImage(image))
            self._asked = replace(self._asked, example=example)
            self._show_example()

    def set_example(self, hit: Hit, thumbnail: QPixmap | None) -> None:
        """Asks for more like a hit; the words before are taken away."""
        picture = None if thumbnail is None or thumbnail.isNull() else thumbnail
        name = f"like {shown(hit.path.name)}"
        example = Example(name, _ICONS.get(hit.kind, "file-text"), picture)
        query = Query(like=hit.content_id, like_segment=hit.segment_id)
        self.put(Asked(query, example))

    def remove_picture(self) -> None:
        """Asks with the words alone."""
        self.put(Asked(Query(text=self._field.text())))

    def clear(self) -> None:
        """Asks for nothing."""
        self.put(Asked())

    def focus(self) -> None:
        """Lets one type."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def type_on(self, text: str) -> None:
        """Takes up what was typed elsewhere, after the words."""
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.end(False)
        self._field.insert(text)

    def add_filter(self, example: Filter) -> None:
        """Adds a filter to the words, with its value selected: one types one's own over it."""
        before = f"{self._field.text()} ".lstrip() + example.opening
        self._field.setText(f"{before}{example.value}{example.closing}")
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.setSelection(len(before), len(example.value))

    def show_help(self) -> None:
        """Tells what can be asked, and which keys there are."""
        self._help.open_below(self)

    def _ask(self) -> None:
        self._typing.stop()
        query = replace(self._asked.query, text=self._field.text())
        self._asked = replace(self._asked, query=query)
        self.query_changed.emit(query)

    def _enter(self) -> None:
        self._ask()
        self.entered.emit()

    def _show_example(self) -> None:
        example = self._asked.example
        self._chip.show_example(example)
        self._field.setPlaceholderText(
            "Describe what you are looking for, or drop a picture"
            if example is None
            else "Add words"
        )

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
                self._ask()
                self.left_downwards.emit()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.clear()
                return True
        return super().eventFilter(watched, event)
