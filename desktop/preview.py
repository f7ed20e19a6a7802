"""The panel at the right: the current hit, why it was found, and what can be done with it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from pathlib import PurePath

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktop import hit_lines, icons, theme
from desktop.breaking_label import BreakingLabel, breakable
from desktop.text_marks import lines_with, mark, pattern_of
from engine.paths import shown, shown_inside
from engine.records import Hit

PICTURE_PX = 1024
TEXT_PX = 340
ICON_PX = 44
_CONTEXT_CHARS = 1500


class Preview(QScrollArea):
    """Shows one hit."""

    open_requested = Signal(Hit)
    reveal_requested = Signal(Hit)
    copy_requested = Signal(list)
    similar_requested = Signal(Hit)
    picture_wanted = Signal(Hit, int)
    text_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hit: Hit | None = None
        self._words: Sequence[str] = ()
        self._image = QPixmap()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(260)
        self.setAccessibleName("Preview")
        body = QWidget()
        body.setObjectName("preview")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setAccessibleName("Picture")
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._text = QTextBrowser()
        self._text.setAccessibleName("Text")
        self._text.setOpenLinks(False)
        self._text.document().documentLayout().documentSizeChanged.connect(self._fit_text)
        self._unreadable = _note("The file cannot be read now")
        self._title = BreakingLabel("title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._facts = BreakingLabel("faint")
        self._why_title = QLabel("Why it was found")
        self._why_title.setObjectName("sectionTitle")
        self._why = BreakingLabel("")
        self._path = BreakingLabel("faint")
        self._path.setTextFormat(Qt.TextFormat.PlainText)
        self._tools: list[tuple[QToolButton, str]] = []
        self._buttons = self._button_row()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        for widget in (
            self._picture,
            self._unreadable,
            self._text,
            self._title,
            self._buttons,
            self._facts,
            self._why_title,
            self._why,
            self._path,
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
        before, words_before = self._hit, self._words
        self._hit = hit
        self._words = words
        same = hit is not None and before is not None and _shows(hit) == _shows(before)
        if not same:
            self._image = QPixmap()
            self._unreadable.hide()
        has_picture = hit is not None and hit.has_picture
        has_text = hit is not None and _has_text(hit)
        self._hint.setVisible(hit is None)
        for widget in (self._title, self._buttons, self._facts, self._path):
            widget.setVisible(hit is not None)
        self._picture.setVisible(has_picture)
        if not has_text:
            self._text.hide()
        self._why_title.setVisible(bool(hit and hit.matches))
        self._why.setVisible(bool(hit and hit.matches))
        if hit is None:
            return
        self._title.setText(breakable(shown(PurePath(hit.member or hit.path).name)))
        self._facts.setText(_lines(hit_lines.facts_of(hit)))
        self._path.setText(breakable(shown_inside(hit.path, hit.member)))
        self._open.setEnabled(hit.online)
        verdict, reasons = hit_lines.verdict_of(hit), hit_lines.reasons_for(hit)
        self._why.setText(f"<b>{verdict}</b><br>{_lines(reasons)}")
        self._fit()
        if has_picture and self._image.isNull():
            self.picture_wanted.emit(hit, PICTURE_PX)
        if has_text and not (same and words == words_before):
            self._show_text(hit.snippet)
            self.text_wanted.emit(hit.content_id)

    def show_picture(self, segment_id: int, edge_px: int, image: QImage) -> None:
        """Shows the picture of the current hit."""
        if self._hit and segment_id == self._hit.segment_id and edge_px == PICTURE_PX:
            self._image = QPixmap.fromImage(image)
            self._unreadable.setVisible(image.isNull())
            self._fit()

    def show_text(self, content_id: int, text: str) -> None:
        """Shows the text of the current hit, from a little before the passage that was found."""
        if self._hit and content_id == self._hit.content_id and _has_text(self._hit):
            place = max(0, text.find(self._hit.snippet[:80])) if self._hit.snippet else 0
            before = max(0, text.rfind("\n", 0, max(0, place - 200)))
            self._show_text(text[before : place + len(self._hit.snippet) + _CONTEXT_CHARS])

    def tint(self) -> None:
        """Takes on the colours in use."""
        for button, icon in self._tools:
            button.setIcon(icons.icon(icon))

    def _show_text(self, text: str) -> None:
        scheme = theme.colours()
        marked, done = "", 0
        pattern = pattern_of(self._words)
        for found in pattern.finditer(text) if pattern else ():
            word = html.escape(found[0])
            marked += html.escape(text[done : found.start()])
            marked += f'<b style="color:{scheme.accent}">{word}</b>'
            done = found.end()
        marked += html.escape(text[done:])
        self._text.setVisible(bool(text.strip()))
        self._text.setHtml(f'<div style="white-space: pre-wrap">{marked}</div>')
        self._fit_text()

    def _fit_text(self) -> None:
        """Makes room for the text, as much as is left beside a picture or above the facts."""
        most = TEXT_PX // 2 if self._hit and self._hit.has_picture else TEXT_PX
        needed = ceil(self._text.document().size().height()) + 2 * self._text.frameWidth()
        self._text.setFixedHeight(min(most, needed))

    def _fit(self) -> None:
        width = self.viewport().width() - 32
        if self._image.isNull():
            if not self._unreadable.isHidden():
                self._picture.setPixmap(icons.pixmap("image-off", theme.colours().faint, ICON_PX))
                self._picture.setFixedHeight(2 * ICON_PX)
                return
            self._picture.setPixmap(QPixmap())
            ratio = _height_for_width(self._hit)
            self._picture.setFixedHeight(min(int(width * ratio), int(width * 1.4)))
            return
        ratio = self.devicePixelRatioF()
        fitted = self._image.scaled(
            QSize(int(width * ratio), int(width * 1.4 * ratio)),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted.setDevicePixelRatio(ratio)
        if self._hit is not None:
            mark(fitted, lines_with(self._words, self._hit.snippet, self._hit.boxes))
        self._picture.setFixedHeight(int(fitted.height() / ratio))
        self._picture.setPixmap(fitted)

    def _button_row(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self._open = QPushButton("Open")
        self._open.clicked.connect(lambda: self._emit(self.open_requested))
        line.addWidget(self._open)
        similar, reveal = self.similar_requested, self.reveal_requested
        line.addWidget(self._tool("Find similar", "sparkles", lambda: self._emit(similar)))
        line.addWidget(self._tool("Show in folder", "folder-open", lambda: self._emit(reveal)))
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
        self._fit()


def _note(text: str) -> QLabel:
    note = QLabel(text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
    note.setObjectName("faint")
    return note


def _shows(hit: Hit) -> tuple[object, ...]:
    """What the picture and the text of a hit depend on."""
    return hit.content_id, hit.segment_id, hit.snippet


def _has_text(hit: Hit) -> bool:
    return bool(hit.snippet) or not hit.has_picture


def _height_for_width(hit: Hit | None) -> float:
    if hit is None or not hit.details.width or not hit.details.height:
        return 0.75
    return hit.details.height / hit.details.width


def _lines(texts: Iterable[str]) -> str:
    """Rich text with a line for each of several plain texts, none of them twice."""
    return "<br>".join(html.escape(breakable(text)) for text in dict.fromkeys(texts))
