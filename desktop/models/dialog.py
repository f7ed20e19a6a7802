"""The list of models, in sections: in use, recommended, here, to install, left over."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from desktop.fitting import fit
from desktop.models.advice_bar import AdviceBar
from desktop.models.row import ModelRow
from engine.events import IndexProgress, Phase
from engine.model_records import (
    ModelEntry,
    ModelsOverview,
    Recommendation,
    Standing,
    TaskEnded,
    TaskProgress,
)

EXPLANATION = (
    "A model is what understands your photos and your words, on this computer only. A stronger "
    "one finds more, and takes longer to index. The present one answers until the next is ready."
)

_SECTIONS = {
    Standing.IN_USE: "In use",
    Standing.PREPARING: "In use",
    Standing.TO_INSTALL: "To install",
    Standing.LEFT_OVER: "No longer here",
}
_HERE = "On this computer"
_RECOMMENDED = "Recommended for this computer"
_ORDER = ("In use", _RECOMMENDED, _HERE, "To install", "No longer here")


class ModelsDialog(QDialog):
    """Shows the models and how far something with them is; asks for what a person wants."""

    asked = Signal(str, ModelEntry)
    """An Action of `words` and the model."""
    advice_asked = Signal(list)
    """The languages, as ISO 639 codes."""
    advice_cancelled = Signal()
    other_asked = Signal()
    import_asked = Signal()
    sent_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.resize(820, 680)
        self.rows: dict[str, ModelRow] = {}
        self._overview = ModelsOverview()
        self._found: Recommendation | None = None
        self._progress = IndexProgress(Phase.IDLE)
        self._arranged: list[tuple[str, list[str]]] = []
        self._headings = {name: QLabel(name) for name in _ORDER}
        for heading in self._headings.values():
            heading.setObjectName("sectionTitle")
            heading.setContentsMargins(0, 10, 0, 0)
        explanation = QLabel(EXPLANATION, wordWrap=True)
        explanation.setObjectName("faint")
        self.advice = AdviceBar()
        self.advice.asked.connect(self.advice_asked)
        self.advice.cancelled.connect(self.advice_cancelled)
        self._errors: dict[str, tuple[str, str]] = {}
        self._problem = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._problem.hide()
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 12, 0)
        self._list.setSpacing(0)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._list)
        column.addStretch()
        self._area = QScrollArea(widgetResizable=True)
        self._area.setAccessibleName("Models")
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(content)
        title = QLabel("Models")
        title.setObjectName("title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 20)
        layout.setSpacing(12)
        for widget in (title, explanation, self.advice, self._problem):
            layout.addWidget(widget)
        layout.addWidget(self._area, 1)
        layout.addLayout(self._foot())

    @property
    def overview(self) -> ModelsOverview:
        """What is listed."""
        return self._overview

    def show_overview(self, overview: ModelsOverview) -> None:
        """Lists these models."""
        self._overview = overview
        listed = {entry.name: entry for entry in overview.entries}
        for name in self.rows.keys() - listed.keys():
            row = self.rows.pop(name)
            row.hide()
            row.deleteLater()
            self._arranged = []
        for name, entry in listed.items():
            if name in self.rows:
                self.rows[name].show_entry(entry)
            else:
                self.rows[name] = ModelRow(entry)
                self.rows[name].asked.connect(self.asked)
                self.rows[name].asked.connect(self._forget_error_of)
        tasks = {task.name: task for task in overview.tasks}
        for name, row in self.rows.items():
            row.show_task(tasks.get(name))
            if name in self._errors:  # it may have come before the row, or before this list
                self.show_error(name, *self._errors[name])
        self._arrange()
        self.show_progress(self._progress)

    def show_recommendation(self, found: Recommendation) -> None:
        """Says what suits, and puts the best first."""
        self._found = found
        self.advice.show_found(found)
        self._arrange()

    def show_progress(self, progress: IndexProgress) -> None:
        """Shows how far the model that is to take over is."""
        self._progress = progress
        for row in self.rows.values():
            row.show_preparing(progress, self._overview.preparing)

    def show_task(self, task: TaskProgress) -> None:
        """Shows how far something is that is done with a model."""
        if not task.name:
            self.advice.show_busy()
        elif task.name in self.rows:
            self._errors.pop(task.name, None)
            self.rows[task.name].show_task(task)

    def show_ended(self, ended: TaskEnded) -> None:
        """Shows that it is over, and what went wrong with it, if anything did."""
        if not ended.name:
            self.advice.show_over()
        elif ended.name in self.rows:
            self.rows[ended.name].show_task(None)
        if ended.title:
            self.show_error(ended.name, ended.title, ended.message)

    def show_error(self, name: str, title: str, message: str) -> None:
        """Says what went wrong and what to do, beside the model where it is listed."""
        if name:
            self._errors[name] = (title, message)
        if name in self.rows:
            self.rows[name].show_error(title, message)
            self.forget_error()
            return
        self._problem.setText(f"{title}. {message}")
        self._problem.show()

    def forget_error(self) -> None:
        """Takes back what was said of no model in the list."""
        self._problem.hide()

    def _forget_error_of(self, _action: str, entry: ModelEntry) -> None:
        self._errors.pop(entry.name, None)

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        for text, signal in (
            ("Install another…", self.other_asked),
            ("Import…", self.import_asked),
            ("What left this computer…", self.sent_asked),
        ):
            button = QPushButton(text, autoDefault=False)
            button.clicked.connect(signal)
            foot.addWidget(button)
        foot.addStretch()
        close = QPushButton("Close", autoDefault=False)
        close.clicked.connect(self.accept)
        foot.addWidget(close)
        return foot

    def _arrange(self) -> None:
        """Puts the rows under their headings; those that stay where they are are not touched."""
        advised = {one.name: one for one in self._found.advised} if self._found else {}
        first = self._recommended()
        for name, row in self.rows.items():
            row.show_advice(advised.get(name), is_first=name == first)
        order = list(advised)
        sections: dict[str, list[str]] = {heading: [] for heading in _ORDER}
        for name, row in self.rows.items():
            standing = row.entry.standing
            heading = _SECTIONS.get(standing, _HERE)
            is_suggestion = name == first and standing is not Standing.IN_USE
            sections[_RECOMMENDED if is_suggestion else heading].append(name)
        sections["To install"].sort(key=lambda name: order.index(name) if name in order else 0)
        sections["In use"].sort(key=self._is_prepared)
        arranged = [(heading, names) for heading, names in sections.items() if names]
        if arranged == self._arranged:
            return
        self._arranged = arranged
        # `takeAt` would leave the items to Python, and Qt would go on asking those for their sizes.
        for widget in (*self._headings.values(), *self.rows.values()):
            self._list.removeWidget(widget)
        for label in self._headings.values():
            label.hide()
        for heading, names in arranged:
            self._list.addWidget(self._headings[heading])
            self._headings[heading].show()
            for name in names:
                self._list.addWidget(self.rows[name])
                self.rows[name].show()

    def _is_prepared(self, name: str) -> bool:
        return self.rows[name].entry.standing is Standing.PREPARING

    def _recommended(self) -> str:
        """The name of the model that suits best, empty where none does or nothing was asked."""
        advised = self._found.advised if self._found else ()
        return next((one.name for one in advised if one.suits), "")

    # Qt's own

    def showEvent(self, event: QShowEvent) -> None:
        fit(self)
        super().showEvent(event)
