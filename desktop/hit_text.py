"""The text of a hit, from a little before the passage that was found, with the words marked."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QTextBrowser

from desktop import theme
from desktop.text_marks import pattern_of
from engine.search_records import Hit

_CONTEXT_CHARS = 1500


class HitText(QTextBrowser):
    """Shows the passage that was found, until the text comes that it stands in.

    It is hidden while there is none.
    """

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._hit: Hit | None = None
        self._words: Sequence[str] = ()
        self.setAccessibleName("Text")
        self.setOpenLinks(False)

    def show_hit(self, hit: Hit | None, words: Sequence[str]) -> None:
        """Shows a hit's text, with `words` marked; None shows none.

        The text of a hit that shows already stays, with its place.
        """
        before, words_before = self._hit, self._words
        self._hit, self._words = hit, words
        if hit is None or not has_text(hit):
            self.hide()
        elif before is None or _text_of(hit) != _text_of(before) or words != words_before:
            self._show(hit.snippet)
            self.wanted.emit(hit.content_id)

    def show_text(self, content_id: int, text: str) -> None:
        """Shows the text of the current hit; of another hit it comes too late."""
        hit = self._hit
        if hit is None or content_id != hit.content_id or not has_text(hit):
            return
        place = max(0, text.find(hit.snippet[:80])) if hit.snippet else 0
        before = max(0, text.rfind("\n", 0, max(0, place - 200)))
        self._show(text[before : place + len(hit.snippet) + _CONTEXT_CHARS])

    def _show(self, text: str) -> None:
        marked, done = "", 0
        pattern = pattern_of(self._words)
        for found in pattern.finditer(text) if pattern else ():
            word = html.escape(found[0])
            marked += html.escape(text[done : found.start()])
            marked += f'<b style="color:{theme.colours().accent}">{word}</b>'
            done = found.end()
        marked += html.escape(text[done:])
        self.setVisible(bool(text.strip()))
        self.setHtml(f'<div style="white-space: pre-wrap">{marked}</div>')


def has_text(hit: Hit) -> bool:
    """Whether a hit is, or has, a text to show."""
    return bool(hit.snippet) or not hit.has_picture


def _text_of(hit: Hit) -> tuple[int, int, str]:
    return hit.content_id, hit.segment_id, hit.snippet
