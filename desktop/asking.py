"""Puts to the library what the field and the sidebar say, and leads on to the answer."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.bridge import Bridge
from desktop.question import Question
from desktop.recent_searches import RecentSearches
from desktop.search_bar import SearchBar
from desktop.sidebar import Scope
from desktop.way_back import WayBack
from desktop.window_state import WindowState
from engine.search_records import SearchResult


class Asking(QObject):
    """Owns the search field and all that was asked with it."""

    answered = Signal(SearchResult)
    failed = Signal(str, str)
    """There is no answer, and none from before; with a title and a message."""

    entered = Signal()
    """The answer is there, and a person wants to go into it."""

    def __init__(self, bridge: Bridge, state: WindowState, window: QWidget) -> None:
        super().__init__(window)
        self._bridge = bridge
        self._scope = Scope()
        self._question = Question()
        self._is_entering = False
        self.search_bar = SearchBar()
        self.way_back = WayBack(window)
        self.recent = RecentSearches(state, self)
        self.search_bar.query_changed.connect(self._on_query)
        self.search_bar.entered.connect(self._enter)
        self.search_bar.left_downwards.connect(self._on_left_downwards)
        self.search_bar.chip_wanted.connect(bridge.load_file_picture)
        self.way_back.wanted.connect(self.search_bar.put)
        self.way_back.left.connect(self.recent.note)
        self.recent.chosen.connect(self.search_bar.set_text)
        bridge.search_finished.connect(self._on_answer)
        bridge.search_failed.connect(self._on_failure)
        bridge.file_picture_loaded.connect(self.search_bar.show_chip)

    def ask(self) -> None:
        """Asks what is asked for now, for the first time or anew."""
        scope = self._scope
        query = replace(self.search_bar.query, kind=scope.kind, folder_id=scope.folder_id)
        self._bridge.search(self._question.ask(query))

    def ask_for_more(self) -> None:
        """Asks for more hits, unless these are all."""
        query = self._question.ask_for_more()
        if query is not None:
            self._bridge.search(query)

    def narrow(self, scope: Scope) -> None:
        """Asks in a part of the library."""
        self._scope = scope
        self.ask()

    def close(self) -> None:
        """Keeps the words that are asked for now among those searched for last."""
        self.recent.note(self.search_bar.query.text)

    def _on_query(self) -> None:
        self._is_entering = False
        self.way_back.note(self.search_bar.asked)
        self.ask()

    def _on_left_downwards(self) -> None:
        if not (self.search_bar.query.is_empty and self.recent.offer(self.search_bar)):
            self._enter()

    def _enter(self) -> None:
        """Goes into the answer, or will as soon as it is there."""
        self._is_entering = not self._question.is_answered
        if not self._is_entering:
            self.entered.emit()

    def _on_answer(self, result: SearchResult) -> None:
        self._question.answer = result
        self.answered.emit(result)
        if self._is_entering and self.search_bar.is_settled:
            self._enter()

    def _on_failure(self, title: str, message: str) -> None:
        self._is_entering = False
        # What was answered stays, though a picture that it was asked with is gone.
        if not self._question.is_answered:
            self._question.answer = None
            self.failed.emit(title, message)
