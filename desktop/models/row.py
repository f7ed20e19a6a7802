"""One model in the list: what it is, how far something with it is, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.menu_button import MenuButton
from desktop.models import words
from desktop.models.words import Action
from engine.events import IndexProgress, Phase, Preparing
from engine.model_records import Advised, ModelEntry, Standing, TaskProgress


class ModelRow(QWidget):
    """Shows a model; a button is an `Action` that is asked for."""

    asked = Signal(str, ModelEntry)
    """An Action and the model."""

    def __init__(self, entry: ModelEntry) -> None:
        super().__init__()
        self.entry = entry
        self.task: TaskProgress | None = None
        self._offered: tuple[tuple[Action, ...], tuple[Action, ...]] | None = None
        self._title = QLabel()
        bold = QFont(self._title.font())
        bold.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(bold)
        self._badge = _chip()
        self._recommended = _chip("Recommended")
        self._recommended.hide()
        self._facts = _text()
        self._figures = _text()
        self._advice = _text(faint=False)
        self._told = _text(faint=False)
        self._error = _text(faint=False)
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons: list[QAbstractButton] = []
        self._button_row = QHBoxLayout()
        self._button_row.setSpacing(6)
        heading = QHBoxLayout()
        heading.setSpacing(8)
        for label in (self._title, self._badge, self._recommended):
            heading.addWidget(label, alignment=Qt.AlignmentFlag.AlignVCenter)
        heading.addStretch()
        heading.addLayout(self._button_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(heading)
        for widget in (self._facts, self._figures, self._advice, self._bar, self._told):
            layout.addWidget(widget)
        layout.addWidget(self._error)
        layout.addSpacing(8)
        layout.addWidget(_line())
        self._bar.hide()
        _say(self._error, "")
        _say(self._told, "")
        _say(self._advice, "")
        self.show_entry(entry)

    def show_entry(self, entry: ModelEntry) -> None:
        """Shows what the model is now."""
        self.entry = entry
        self._title.setText(entry.title)
        self._title.setToolTip(entry.name)
        badge = words.BADGES[entry.standing]
        self._badge.setText(badge)
        self._badge.setVisible(bool(badge))
        _say(self._facts, words.facts(entry))
        _say(self._figures, " ".join(filter(None, (words.figures(entry), _own(entry)))))
        self._figures.setToolTip(entry.figures.source if entry.figures else "")
        self._bar.setAccessibleName(f"Progress of {entry.title}")
        if entry.standing is not Standing.PREPARING and self.task is None:
            self._bar.hide()
            _say(self._told, "")
        self._offer()

    def show_advice(self, advised: Advised | None, *, is_first: bool) -> None:
        """Shows what speaks for the model here; the first that suits is recommended."""
        self._recommended.setVisible(is_first)
        _say(self._advice, words.advice(advised) if advised is not None else "")
        if advised is not None and advised.suits:
            _say(self._figures, _own(self.entry))  # the reasons say the rest

    def show_task(self, task: TaskProgress | None) -> None:
        """Shows how far something is that is done with it."""
        self.task = task
        if task is not None:
            _say(self._error, "")
            _say(self._told, words.task(task))
            self._show_bar(task.done, 0 if task.is_waiting else task.total)
            self._bar.setVisible(not task.is_waiting)
        elif self.entry.standing is not Standing.PREPARING:
            self._bar.hide()
            _say(self._told, "")
        self._offer()

    def show_preparing(self, progress: IndexProgress, waits: Preparing | None) -> None:
        """Shows how far the model that is to take over is."""
        if self.entry.standing is not Standing.PREPARING or self.task is not None:
            return
        at_work = progress.phase is Phase.PREPARING
        _say(self._told, words.preparing(progress, waits))
        self._show_bar(progress.done if at_work else 0, progress.total if at_work else 1)
        self._bar.show()

    def show_error(self, title: str, message: str) -> None:
        """Says what went wrong and what to do, until something else is begun."""
        _say(self._error, f"{title}. {message}")

    def _show_bar(self, done: int, total: int) -> None:
        # Bytes of large models are more than the bar's 32 bits can count.
        scale = max(1, total // 1_000_000)
        self._bar.setRange(0, total // scale)
        self._bar.setValue(done // scale)

    def _offer(self) -> None:
        offered = (
            words.buttons(self.entry, self.task),
            words.menu(self.entry, self.task),
        )
        if offered == self._offered:
            return
        had_focus = any(button.hasFocus() for button in self._buttons)
        self._offered = offered
        for button in self._buttons:
            self._button_row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [self._button(action) for action in offered[0]]
        if offered[1]:
            self._buttons.append(self._more(offered[1]))
        for button in self._buttons:
            self._button_row.addWidget(button)
        if had_focus and self._buttons:
            self._buttons[0].setFocus()

    def _button(self, action: Action) -> QPushButton:
        button = QPushButton(action.value)
        button.setAccessibleName(f"{action.value.rstrip('…')}: {self.entry.title}")
        button.clicked.connect(lambda: self._ask(action))
        button.ensurePolished()  # else the row is as high as an unstyled one
        return button

    def _more(self, actions: tuple[Action, ...]) -> MenuButton:
        more = MenuButton()
        more.setText("⋯")
        more.setAccessibleName(f"More for {self.entry.title}")
        more.setToolTip("What else can be done with it")
        listed = QMenu(more)
        for action in actions:
            listed.addAction(action.value, lambda a=action: self._ask(a))
        more.setMenu(listed)
        return more

    def _ask(self, action: Action) -> None:
        _say(self._error, "")
        self.asked.emit(action.value, self.entry)


def _own(entry: ModelEntry) -> str:
    """What is wrong with it, and what it left."""
    problem = (
        f"{entry.problem[:1].upper()}{entry.problem[1:].rstrip('.')}." if entry.problem else ""
    )
    return " ".join(filter(None, (problem, words.kept(entry))))


def _chip(text: str = "") -> QLabel:
    chip = QLabel(text, margin=3)
    chip.setObjectName("chip")
    return chip


def _text(*, faint: bool = True) -> QLabel:
    label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
    if faint:
        label.setObjectName("faint")
    return label


def _say(label: QLabel, text: str) -> None:
    label.setText(text)
    label.setVisible(bool(text))


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setAutoFillBackground(True)
    line.setBackgroundRole(QPalette.ColorRole.Mid)
    return line
