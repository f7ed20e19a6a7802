"""The panel at the right: the current hit, why it was found, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from math import ceil

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop import hit_lines, icons
from desktop.breaking_label import BreakingLabel, breakable
from desktop.copies import Copies
from desktop.hit_picture import HitPicture
from desktop.hit_text import HitText
from desktop.region_frame import FRAMED
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.paths import shown_inside
from engine.search_records import Hit

PICTURE_PX = 1024
TALLEST = 1.4
"""Of a picture, by how much it is higher than wide."""

TEXT_PX = 340
MARGIN_PX = 16


class Preview(QScrollArea):
    """Shows one hit."""

    open_requested = Signal(Hit)
    reveal_requested = Signal(Hit)
    copy_requested = Signal(list)
    similar_requested = Signal(Hit)

    def __init__(self, cache: ThumbnailCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hit: Hit | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(260)
        self.setAccessibleName("Preview")
        body = QWidget()
        body.setObjectName("preview")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.picture = HitPicture(cache, PICTURE_PX)
        self.picture.setCursor(Qt.CursorShape.PointingHandCursor)
        self.picture.setToolTip("Show it large")
        self.picture.changed.connect(self._fit_picture)
        self.picture.changed.connect(self._explain)
        self.text = HitText()
        self.text.document().documentLayout().documentSizeChanged.connect(self._fit_text)
        self._title = BreakingLabel("title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._facts = BreakingLabel("faint")
        self.copies = Copies()
        self._why_title = QLabel("Why it was found")
        self._why_title.setObjectName("sectionTitle")
        self._why = BreakingLabel("")
        self._path = BreakingLabel("faint")
        self._path.setTextFormat(Qt.TextFormat.PlainText)
        self._tools: list[tuple[QToolButton, str]] = []
        self._buttons = self._button_row()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        layout.setSpacing(10)
        for widget in (
            self.picture,
            self.text,
            self._title,
            self._buttons,
            self._facts,
            self._why_title,
            self._why,
            self._path,
            self.copies,
        ):
            layout.addWidget(widget)
        layout.addStretch()
        self._hint = _note("Choose something to see it here.")
        layout.insertWidget(0, self._hint)
        self.setWidget(body)
        self.tint()
        self.show_hit(None, ())

    def show_hit(self, hit: Hit | None, words: Sequence[str]) -> None:
        """Shows a hit, with the words of the query marked in its text; None shows nothing.

        Of a hit that shows already, the picture stays, and the text with its place.
        """
        self._hit = hit
        self._hint.setVisible(hit is None)
        for widget in (self._title, self._buttons, self._facts, self._path):
            widget.setVisible(hit is not None)
        self.picture.setVisible(hit is not None and hit.has_picture)
        self.picture.show_hit(hit, words)
        self.text.show_hit(hit, words)
        self.copies.show_hit(hit)
        self._fit_text()
        self._why_title.setVisible(bool(hit and hit.matches))
        self._why.setVisible(bool(hit and hit.matches))
        if hit is None:
            return
        self._title.setText(breakable(hit_lines.name_of(hit)))
        self._facts.setText(_lines(hit_lines.facts_of(hit)))
        self._path.setText(breakable(shown_inside(hit.path, hit.member)))
        self._open.setEnabled(hit.online)
        self._reveal.setEnabled(hit.online)
        self._explain()

    def tint(self) -> None:
        """Takes on the colours in use."""
        for button, icon in self._tools:
            button.setIcon(icons.icon(icon))

    def _explain(self) -> None:
        if self._hit is None:
            return
        reasons = [*hit_lines.reasons_for(self._hit)]
        if self.picture.has_region:
            reasons.append(FRAMED)
        self._why.setText(f"<b>{hit_lines.verdict_of(self._hit)}</b><br>{_lines(reasons)}")

    def _fit_text(self) -> None:
        """Makes room for the text, as much as is left beside a picture or above the facts."""
        most = TEXT_PX // 2 if self._hit and self._hit.has_picture else TEXT_PX
        needed = ceil(self.text.document().size().height()) + 2 * self.text.frameWidth()
        self.text.setFixedHeight(min(most, needed))

    def _fit_picture(self) -> None:
        width = max(0, self.viewport().width() - 2 * MARGIN_PX)
        room = QSize(width, int(width * TALLEST))
        self.picture.setFixedHeight(self.picture.size_in(room).height())

    def _button_row(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self._open = QPushButton("Open")
        self._open.clicked.connect(lambda: self._emit(self.open_requested))
        line.addWidget(self._open)
        similar, reveal = self.similar_requested, self.reveal_requested
        line.addWidget(self._tool("Find similar", "sparkles", lambda: self._emit(similar)))
        self._reveal = self._tool("Show in folder", "folder-open", lambda: self._emit(reveal))
        line.addWidget(self._reveal)
        line.addWidget(self._tool("Copy path", "copy", self._copy))
        line.addStretch()
        return row

    def _tool(self, name: str, icon: str, action: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.clicked.connect(action)
        self._tools.append((button, icon))
        return button

    def _emit(self, signal: SignalInstance) -> None:
        if self._hit is not None:
            signal.emit(self._hit)

    def _copy(self) -> None:
        if self._hit is not None:
            self.copy_requested.emit([self._hit])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_picture()


def _note(text: str) -> QLabel:
    note = QLabel(text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
    note.setObjectName("faint")
    return note


def _lines(texts: Iterable[str]) -> str:
    """Rich text with a line for each of several plain texts, none of them twice."""
    return "<br>".join(html.escape(breakable(text)) for text in dict.fromkeys(texts))
