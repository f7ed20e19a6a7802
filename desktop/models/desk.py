"""Joins the models' dialogs with the bridge, and asks before data leaves or is deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QWidget

from desktop import formats, questions
from desktop.models.bridge import ModelsBridge
from desktop.models.dialog import ModelsDialog
from desktop.models.import_dialog import ModelImportDialog
from desktop.models.sent_dialog import ModelSentDialog
from desktop.models.words import Action
from engine.events import IndexProgress, Phase
from engine.model_records import Download, ModelEntry, ModelsOverview, Standing


class ModelsDesk(QObject):
    """What a person does with models, from the list to the question whether it is meant."""

    in_use_changed = Signal(str)
    """The title of the model that answers."""

    def __init__(self, bridge: ModelsBridge, window: QWidget) -> None:
        super().__init__(window)
        self._bridge = bridge
        self._phase = Phase.IDLE
        self.dialog = ModelsDialog(window)
        self.sent_dialog = ModelSentDialog(self.dialog)
        self.import_dialog = ModelImportDialog(self.dialog)
        dialog = self.dialog
        dialog.asked.connect(self._on_asked)
        dialog.advice_asked.connect(bridge.recommend)
        dialog.advice_cancelled.connect(lambda: bridge.cancel(""))
        dialog.import_asked.connect(self.import_dialog.open)
        dialog.other_asked.connect(self._ask_for_other)
        dialog.sent_asked.connect(self._show_sent)
        self.import_dialog.import_asked.connect(self._import)
        bridge.overview_loaded.connect(self._on_overview)
        bridge.recommended.connect(dialog.show_recommendation)
        bridge.task_changed.connect(dialog.show_task)
        bridge.task_ended.connect(dialog.show_ended)
        bridge.task_ended.connect(lambda _: bridge.load())
        bridge.failed.connect(dialog.show_error)
        bridge.download_described.connect(self._ask_to_download)
        bridge.sent_loaded.connect(self.sent_dialog.show_sent)
        bridge.load()

    def open(self) -> None:
        """Shows the models."""
        self.dialog.forget_error()
        self._bridge.load()
        self.dialog.show()
        self.dialog.activateWindow()

    def show_progress(self, progress: IndexProgress) -> None:
        """Takes note of how far indexing is: another model may have taken over."""
        self.dialog.show_progress(progress)
        is_another = self.dialog.overview.preparing is not None and self._phase != progress.phase
        # What was listed while one took over from the other may be of neither: look once more.
        if is_another or progress.phase is Phase.IDLE:
            self._bridge.load()
        self._phase = progress.phase

    def _on_overview(self, overview: ModelsOverview) -> None:
        self.dialog.show_overview(overview)
        used = [entry.title for entry in overview.entries if entry.standing is Standing.IN_USE]
        if used:
            self.in_use_changed.emit(used[0])

    def _on_asked(self, action: str, entry: ModelEntry) -> None:
        bridge, name = self._bridge, entry.name
        self.dialog.forget_error()
        match Action(action):
            case Action.INSTALL | Action.GO_ON:
                bridge.describe_download(name)
            case Action.CANCEL:
                bridge.cancel(name)
            case Action.USE:
                bridge.use(name, mixes=False)
            case Action.MIX:
                bridge.use(name, mixes=True)
            case Action.TAKE_OVER:
                bridge.take_over_now()
            case Action.STOP:
                bridge.stop_preparing()
            case Action.EXPORT:
                self._export(entry)
            case Action.DROP:
                self._ask_to_drop(entry)
            case Action.REMOVE:
                self._ask_to_remove(entry)

    def _ask_for_other(self) -> None:
        box = QInputDialog(self.dialog)
        box.setWindowTitle("Install another model")
        box.setLabelText(
            "Any weights that OpenCLIP publishes, as ARCHITECTURE/WEIGHTS,\n"
            "such as ViT-B-32/laion2b_s34b_b79k:"
        )
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.textValueSelected.connect(lambda name: self._bridge.describe_download(name.strip()))
        box.open()

    def _ask_to_download(self, download: Download) -> None:
        size = f"About {formats.size(download.size_bytes)}" if download.size_bytes else "Its files"
        where = f" ({download.repository})" if download.repository else ""
        self._ask(
            f"Download {download.title}?",
            f"Keepsight connects to {download.host}{where} and to the server of files that it "
            f"names. {size} will be fetched. What they learn is this computer's address and which "
            "model you want: no photo, document, search or account is sent. Each request is listed "
            f"under “What left this computer”.\n\nLicence: {download.licence}.",
            "Download",
            lambda: self._bridge.install(download.name),
            erases=False,
        )

    def _ask_to_drop(self, entry: ModelEntry) -> None:
        self._ask(
            f"Drop what {entry.title} has encoded?",
            f"This frees {formats.size(entry.kept_bytes)}. The model in use and your files are not "
            "touched. To use it again, all photos and passages are encoded anew.",
            "Drop",
            lambda: self._bridge.drop(entry.name),
            erases=True,
        )

    def _ask_to_remove(self, entry: ModelEntry) -> None:
        kept = " What it has encoded is kept; drop that too if you do not want it back."
        self._ask(
            f"Remove {entry.title}?",
            f"Its files are deleted, which frees {formats.size(entry.size_bytes)}."
            f"{kept if entry.kept_bytes else ''}",
            "Remove",
            lambda: self._bridge.remove(entry.name),
            erases=True,
        )

    def _ask(
        self, title: str, text: str, verb: str, then: Callable[[], None], *, erases: bool
    ) -> None:
        box, agree = questions.question(self.dialog, title, text, verb, erases=erases)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        agree.clicked.connect(then)
        box.open()

    def _export(self, entry: ModelEntry) -> None:
        proposed = str(Path.home() / f"{entry.name}.zip")
        chosen, _ = QFileDialog.getSaveFileName(
            self.dialog,
            f"Export {entry.title}",
            proposed,
            "Models (*.zip)",
            options=QFileDialog.Option.DontConfirmOverwrite,  # the engine overwrites nothing
        )
        if chosen:
            self._bridge.export(entry.name, Path(chosen))

    def _import(self, source: Path, name: str, architecture: str) -> None:
        self.dialog.forget_error()
        self._bridge.import_from(source, name, architecture)

    def _show_sent(self) -> None:
        self._bridge.load_sent()
        self.sent_dialog.open()
