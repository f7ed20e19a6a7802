"""The models' part of the crossing between the engine's threads and Qt; made by `bridge`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop import mishaps
from engine.library import Library
from engine.model_records import (
    Download,
    ModelEvent,
    ModelsChanged,
    ModelsOverview,
    Recommendation,
    TaskEnded,
    TaskProgress,
)


class ModelsBridge(QObject):
    """Asks for models on a thread of its own, and answers with signals on the GUI thread."""

    overview_loaded = Signal(ModelsOverview)
    sent_loaded = Signal(tuple)
    download_described = Signal(Download)
    recommended = Signal(Recommendation)
    task_changed = Signal(TaskProgress)
    task_ended = Signal(TaskEnded)
    failed = Signal(str, str, str)
    """A model's name, what happened, and what to do."""

    def __init__(self, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf = library.models
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keepsight-window-models")
        self._unsubscribe = self._shelf.subscribe(self._on_event)

    def load(self) -> None:
        """Loads the list; answers with `overview_loaded`."""
        self._run("", lambda: self.overview_loaded.emit(self._shelf.overview()))

    def load_sent(self) -> None:
        """Loads the network ledger; answers with `sent_loaded`."""
        self._run("", lambda: self.sent_loaded.emit(self._shelf.sent()))

    def describe_download(self, name: str) -> None:
        """Tells what an installation would fetch; answers with `download_described`."""
        self._run(name, lambda: self.download_described.emit(self._shelf.download_of(name)))

    def recommend(self, languages: Sequence[str]) -> None:
        """Finds what suits; answers with `recommended`."""
        self._run("", lambda: self._shelf.start_recommend(languages))

    def install(self, name: str) -> None:
        """Downloads a model."""
        self._run(name, lambda: self._shelf.start_install(name))

    def import_from(self, source: Path, name: str, architecture: str) -> None:
        """Installs a model from a file or folder."""
        self._run(name, lambda: self._shelf.start_import(source, name, architecture))

    def export(self, name: str, file: Path) -> None:
        """Writes a model into one file."""
        self._run(name, lambda: self._shelf.start_export(name, file))

    def drop(self, name: str) -> None:
        """Erases what a model has embedded."""
        self._run(name, lambda: self._shelf.start_drop(name))

    def cancel(self, name: str) -> None:
        """Stops what is done with a model."""
        self._shelf.cancel(name)

    def remove(self, name: str) -> None:
        """Deletes an installed model."""
        self._run(name, lambda: self._shelf.remove(name))

    def use(self, name: str, *, mixes: bool) -> None:
        """Lets a model be prepared to take over."""

        def use() -> None:
            self._shelf.use(name, mixes=mixes)

        self._run(name, use)

    def stop_preparing(self) -> None:
        """Goes on with the model in use."""
        self._run("", self._shelf.stop_preparing)

    def take_over_now(self) -> None:
        """Lets the model that is prepared take over as it is."""
        self._shelf.take_over_now()

    def close(self) -> None:
        """Waits for what was asked; no signal follows."""
        self._closed = True
        self._unsubscribe()
        self._thread.shutdown(cancel_futures=True)

    def _run(self, name: str, task: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                if not self._closed:
                    task()
            except Exception as error:  # noqa: BLE001 - nobody else would hear of it
                if not self._closed:
                    self.failed.emit(name, *mishaps.told(error))

        if not self._closed:
            self._thread.submit(guarded)

    def _on_event(self, event: ModelEvent) -> None:
        if self._closed:
            return
        match event:
            case TaskProgress():
                self.task_changed.emit(event)
            case TaskEnded():
                self.task_ended.emit(event)
            case Recommendation():
                self.recommended.emit(event)
            case ModelsChanged():
                self.load()
