"""Tells the words of a search from others in a text, and marks in a picture where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from desktop import theme
from engine.readings import Box

_AROUND_PX = 3
_FILL_ALPHA = 56
_NEAR_CHARS, _BEFORE_CHARS = 120, 40
_ENDING = re.compile(r"(?<=\w{3})(?:ing|ed|es|s)$")
_FORMS = r"(?:ing|ed|es|s)?"


def pattern_of(words: Sequence[str]) -> re.Pattern[str] | None:
    """What one of `words` looks like in a text, in its commonest English forms too.

    None where there are none. Words in scripts without spaces may stand within others.
    """
    forms = [
        rf"\b{re.escape(_ENDING.sub('', word))}{_FORMS}\b" if word.isascii() else re.escape(word)
        for word in words
    ]
    return re.compile("|".join(forms), re.IGNORECASE) if forms else None


def around(text: str, words: Sequence[str]) -> str:
    """`text` from a little before the first of `words`; whole where that is near its beginning."""
    pattern = pattern_of(words)
    found = pattern.search(text) if pattern else None
    if found is None or found.start() < _NEAR_CHARS:
        return text
    start = text.rfind(" ", 0, found.start() - _BEFORE_CHARS) + 1
    return f"… {text[start:]}"


def lines_with(words: Sequence[str], text: str, boxes: Sequence[Box]) -> list[Box]:
    """The boxes of those lines of `text` that have one of `words`; of all where none has."""
    lines = [line for line in text.splitlines() if line.strip()]
    pattern = pattern_of(words)
    if len(lines) != len(boxes) or pattern is None:
        return list(boxes)
    found = [box for line, box in zip(lines, boxes, strict=True) if pattern.search(line)]
    return found or list(boxes)


def mark(painter: QPainter, place: QRectF, boxes: Sequence[Box]) -> None:
    """Draws `boxes` over the picture that lies at `place`, in the accent colour."""
    colour = QColor(theme.colours().accent)
    fill = QColor(colour)
    fill.setAlpha(_FILL_ALPHA)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine))
    painter.setBrush(fill)
    for box in boxes:
        found = QRectF(
            place.x() + box.left * place.width(),
            place.y() + box.top * place.height(),
            (box.right - box.left) * place.width(),
            (box.bottom - box.top) * place.height(),
        )
        around = found.adjusted(-_AROUND_PX, -_AROUND_PX, _AROUND_PX, _AROUND_PX)
        painter.drawRoundedRect(around, _AROUND_PX, _AROUND_PX)
    painter.restore()
