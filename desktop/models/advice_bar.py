"""Asks which model suits: in which languages one searches, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.menu_button import MenuButton, SwitchMenu
from desktop.models.words import language
from engine.model_records import Recommendation

FIRST = ("en", "zh")
LANGUAGES = (
    *("en", "zh", "ar", "bn", "cs", "da", "de", "el", "es", "fa", "fi", "fr", "he", "hi", "hr"),
    *("hu", "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sv", "sw", "te", "th"),
    *("tr", "uk", "vi"),
)
"""Those that the catalog's models name one by one."""


class AdviceBar(QWidget):
    """A line with the languages and a button, and below it what was found."""

    asked = Signal(list)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menu = SwitchMenu(self)
        system = QLocale.system().name().partition("_")[0]
        own = "en" if system == "C" else system
        others = sorted({own, *LANGUAGES} - {*FIRST}, key=language)
        for code in (*FIRST, *others):
            chosen = self._menu.addAction(language(code))
            chosen.setCheckable(True)
            chosen.setData(code)
            chosen.setChecked(code == own)
            chosen.toggled.connect(self._name_languages)
        self._languages = MenuButton()
        self._languages.setAccessibleName("The languages that you search in")
        self._languages.setMenu(self._menu)
        self._find = QPushButton("Recommend one", autoDefault=False)
        self._find.setToolTip("Reads and times some of your photos, for about half a minute")
        self._find.clicked.connect(self._on_find)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setAccessibleName("Timing some of your photos")
        self._bar.setRange(0, 0)
        self._bar.hide()
        self._told = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._told.setObjectName("faint")
        self._told.hide()
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(QLabel("Which one suits this computer? I search in"))
        line.addWidget(self._languages)
        line.addStretch()
        line.addWidget(self._find)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self._bar)
        layout.addWidget(self._told)
        self._is_busy = False
        self._found = ""
        self._name_languages()

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that are chosen; English where none is."""
        chosen = [action.data() for action in self._menu.actions() if action.isChecked()]
        return chosen or ["en"]

    def choose(self, codes: Sequence[str]) -> None:
        """Chooses languages."""
        for action in self._menu.actions():
            action.setChecked(action.data() in codes)

    def show_busy(self) -> None:
        """Shows that photos are timed."""
        self._is_busy = True
        self._find.setText("Cancel")
        self._bar.show()
        self._say("Reading and timing some of your photos, on this computer.")

    def show_over(self) -> None:
        """Shows that it is over."""
        self._is_busy = False
        self._find.setText("Recommend one")
        self._bar.hide()
        self._say(self._found)

    def show_found(self, found: Recommendation) -> None:
        """Says what the recommendation is based on."""
        none_suits = not any(one.suits for one in found.advised)
        beginning = "No model of the list suits. " if none_suits else ""
        named = ", ".join(map(language, self.languages))
        told = found.based_on.replace(", ".join(self.languages), named, 1)
        self._found = f"{beginning}{told}"
        self.show_over()

    def _say(self, text: str) -> None:
        self._told.setText(text)
        self._told.setVisible(bool(text))

    def _on_find(self) -> None:
        if self._is_busy:
            self.cancelled.emit()
        else:
            self.asked.emit(self.languages)

    def _name_languages(self) -> None:
        self._languages.setText(f"{', '.join(map(language, self.languages))} ▾")
