"""The panel at the right: the current hit, why it was found, and what can be done with it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QSize, Qt, Signal
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

from desktop import formats, icons, theme
from desktop.text_marks import lines_with, mark, pattern_of
from engine.paths import shown, shown_inside
from engine.readings import Kind
from engine.records import Band, Hit, Retriever

PICTURE_PX = 1024
TEXT_PX = 340
_CONTEXT_CHARS = 1500
_WHY = {
    Retriever.PHOTO_MEANING: "Looks like it",
    Retriever.PASSAGE_MEANING: "Is about it",
    Retriever.WORDS: "Has the words",
    Retriever.DETAILS: "Says so itself",
    Retriever.NAME: "Is named so",
}
_BANDS = {Band.STRONG: "Strong match", Band.MAYBE: "Maybe", Band.WEAK: "Weak match"}


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
        body = QWidget(objectName="preview")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._picture.setAccessibleName("Picture")
        self._picture.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._text = QTextBrowser(accessibleName="Text")
        self._text.setOpenLinks(False)
        self._title = _label("title")
        self._facts = _label("faint")
        self._why_title = QLabel("Why it was found", objectName="sectionTitle")
        self._why = _label("")
        self._path = _label("faint")
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        self._open = QPushButton("Open")
        self._open.clicked.connect(lambda: self._emit(self.open_requested))
        row.addWidget(self._open)
        self._tools: list[tuple[QToolButton, str]] = []
        for name, icon, signal in (
            ("Find similar", "sparkles", self.similar_requested),
            ("Show in folder", "folder-open", self.reveal_requested),
        ):
            row.addWidget(self._tool(name, icon, lambda s=signal: self._emit(s)))
        copy = self._tool("Copy path", "copy", self._copy)
        row.addWidget(copy)
        row.addStretch()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        for widget in (
            self._picture,
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
        self._hint = QLabel("Choose something to see it here.", objectName="faint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
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
        has_picture = hit is not None and hit.has_picture
        has_text = hit is not None and (bool(hit.snippet) or not has_picture)
        self._hint.setVisible(hit is None)
        for widget in (self._title, self._buttons, self._facts, self._path):
            widget.setVisible(hit is not None)
        self._picture.setVisible(has_picture)
        self._text.setVisible(has_text)
        self._text.setMinimumHeight(TEXT_PX // 2 if has_picture else TEXT_PX)
        self._why_title.setVisible(bool(hit and hit.matches))
        self._why.setVisible(bool(hit and hit.matches))
        if hit is None:
            return
        self._title.setText(_breakable(shown(PurePath(hit.member or hit.path).name)))
        self._facts.setText("<br>".join(html.escape(fact) for fact in _facts(hit)))
        self._path.setText(_breakable(shown_inside(hit.path, hit.member)))
        self._open.setEnabled(hit.online)
        self._why.setText(_why(hit))
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
            self._fit()

    def show_text(self, content_id: int, text: str) -> None:
        """Shows the text of the current hit, from a little before the passage that was found."""
        if self._hit and content_id == self._hit.content_id:
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
        self._text.setHtml(f'<div style="white-space: pre-wrap">{marked}</div>')

    def _fit(self) -> None:
        width = self.viewport().width() - 32
        if self._image.isNull():
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

    def _tool(self, name: str, icon: str, action: object) -> QToolButton:
        button = QToolButton(accessibleName=name)
        button.setToolTip(name)
        button.clicked.connect(action)
        self._tools.append((button, icon))
        return button

    def _emit(self, signal: object) -> None:
        if self._hit is not None:
            signal.emit(self._hit)  # type: ignore[attr-defined]

    def _copy(self) -> None:
        if self._hit is not None:
            self.copy_requested.emit([self._hit])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def _shows(hit: Hit) -> tuple[object, ...]:
    """What the picture and the text of a hit depend on."""
    return hit.content_id, hit.segment_id, hit.snippet


def _label(name: str) -> QLabel:
    label = QLabel(objectName=name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _facts(hit: Hit) -> list[str]:
    facts = [formats.date(hit.shown_at)]
    told = hit.details
    pieces = [formats.size(hit.size_bytes)]
    if told.width and told.height:
        pieces.insert(0, f"{told.width:,} × {told.height:,}")
    if told.duration_s:
        pieces.insert(0, formats.clock(told.duration_s))
    if told.pages:
        pieces.insert(0, formats.count(told.pages, "page", "pages"))
    facts.append(" · ".join(pieces))
    taken_with = (told.camera, told.lens, f"ISO {told.iso}" if told.iso else None)
    place = (told.place.city, told.place.region, told.place.country) if told.place else ()
    facts += filter(
        None,
        (
            " · ".join(filter(None, taken_with)),
            ", ".join(dict.fromkeys(filter(None, place))),
            " · ".join(filter(None, (told.title, told.author))),
            told.caption,
            ", ".join(told.keywords),
            "★" * (told.rating or 0),
            _where_in(hit),
            "With " + ", ".join(shown(path.name) for path in hit.companions)
            if hit.companions
            else None,
        ),
    )
    if hit.copies:
        facts.append(formats.count(hit.copies, "other copy", "other copies"))
    if hit.problem:
        facts.append(f"Text in it could not be looked for: {hit.problem}")
    if not hit.online:
        facts.append("On a drive that is not connected")
    return facts


def _where_in(hit: Hit) -> str:
    """The page, the part or the second that was found."""
    if hit.spot.second is not None:
        return f"At {formats.clock(hit.spot.second)}"
    page = f"Page {hit.spot.page}" if hit.spot.page and hit.kind is Kind.DOCUMENT else ""
    return " · ".join(filter(None, (page, hit.section)))


def _height_for_width(hit: Hit | None) -> float:
    if hit is None or not hit.details.width or not hit.details.height:
        return 0.75
    return hit.details.height / hit.details.width


def _why(hit: Hit) -> str:
    lines = [f"<b>{_BANDS[hit.band]}, {hit.score:.0%}</b>"]
    lines += [
        f"{_WHY[match.retriever]}: {html.escape(match.detail)} (no. {match.rank})"
        for match in hit.matches
    ]
    return "<br>".join(lines)


def _breakable(text: str) -> str:
    """Lets a long name break after its separators, which have no spaces."""
    return re.sub(r"([/\\_.-])", "\\1\u200b", text)
