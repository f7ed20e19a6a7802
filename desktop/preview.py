"""The panel at the right: the current hit, why it was found, and what can be done with it."""

from __future__ import annotations

import html
import re

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
from engine.paths import shown
from engine.records import Band, Hit, Kind, Retriever

PICTURE_PX = 1024
_CONTEXT_CHARS = 1500
_WHY = {
    Retriever.PHOTO_MEANING: "Looks like it",
    Retriever.PASSAGE_MEANING: "Is about it",
    Retriever.WORDS: "Has the words",
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
        self._words: list[str] = []
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
        self._text.setMinimumHeight(340)
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
        self.show_hit(None, "")

    def show_hit(self, hit: Hit | None, query_text: str) -> None:
        """Shows a hit, with the words of the query marked in its text; None shows nothing."""
        self._hit = hit
        self._words = [word for word in re.findall(r"\w+", query_text) if len(word) > 1]
        self._image = QPixmap()
        is_photo = hit is not None and hit.kind is Kind.PHOTO
        self._hint.setVisible(hit is None)
        for widget in (self._title, self._buttons, self._facts, self._path):
            widget.setVisible(hit is not None)
        self._picture.setVisible(is_photo)
        self._text.setVisible(hit is not None and not is_photo)
        self._why_title.setVisible(bool(hit and hit.matches))
        self._why.setVisible(bool(hit and hit.matches))
        if hit is None:
            return
        self._title.setText(_breakable(shown(hit.path.name)))
        self._facts.setText("<br>".join(html.escape(fact) for fact in _facts(hit)))
        self._path.setText(_breakable(shown(hit.path)))
        self._open.setEnabled(hit.online)
        self._why.setText(_why(hit))
        self._fit()
        if is_photo:
            self.picture_wanted.emit(hit, PICTURE_PX)
        else:
            self._show_text(hit.snippet)
            self.text_wanted.emit(hit.content_id)

    def show_picture(self, content_id: int, edge_px: int, image: QImage) -> None:
        """Shows the picture of the current hit."""
        if self._hit and content_id == self._hit.content_id and edge_px == PICTURE_PX:
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
        escaped = html.escape(text)
        if self._words:
            pattern = "|".join(re.escape(html.escape(word)) for word in self._words)
            escaped = re.sub(
                f"({pattern})",
                rf'<b style="color:{scheme.accent}">\1</b>',
                escaped,
                flags=re.IGNORECASE,
            )
        self._text.setHtml(f'<div style="white-space: pre-wrap">{escaped}</div>')

    def _fit(self) -> None:
        width = self.viewport().width() - 32
        if self._image.isNull():
            self._picture.setPixmap(QPixmap())
            hit = self._hit
            ratio = (hit.height or 3) / (hit.width or 4) if hit else 0.75
            self._picture.setFixedHeight(min(int(width * ratio), int(width * 1.4)))
            return
        ratio = self.devicePixelRatioF()
        fitted = self._image.scaled(
            QSize(int(width * ratio), int(width * 1.4 * ratio)),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted.setDevicePixelRatio(ratio)
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


def _label(name: str) -> QLabel:
    label = QLabel(objectName=name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _facts(hit: Hit) -> list[str]:
    facts = [formats.date(hit.shown_at)]
    pieces = [formats.size(hit.size_bytes)]
    if hit.width and hit.height:
        pieces.insert(0, f"{hit.width:,} × {hit.height:,}")
    facts.append(" · ".join(pieces))
    if hit.camera:
        facts.append(hit.camera)
    if hit.title:
        facts.append(hit.title)
    if hit.copies:
        facts.append(formats.count(hit.copies, "other copy", "other copies"))
    if not hit.online:
        facts.append("On a drive that is not connected")
    return facts


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
