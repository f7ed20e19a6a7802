"""The door to the models of a library: list, recommend, install, measure, use, drop, remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from engine import settings
from engine.errors import ModelError
from engine.model_records import (
    Doing,
    Download,
    Kept,
    ModelEvent,
    ModelsChanged,
    ModelsOverview,
    Recommendation,
    Sent,
)
from engine.models.openclip.compiled import Plan
from engine.models.shelf.hub_client import Visit, import_hub
from engine.models.shelf.importing import export_model, import_model
from engine.models.shelf.installed import InstalledModel, ModelStore, name_of
from engine.models.shelf.installing import OnBytes, install, wanted
from engine.models.shelf.ledger import Ledger
from engine.paths import Home
from engine.records import ModelCard
from engine.roster.advice import Ground, Progress, advise, compile_installed
from engine.roster.in_use import ModelsInUse, choose
from engine.roster.kept_vectors import erase, kept_of
from engine.roster.listing import entries
from engine.roster.present import Present, present_by_settings, present_of, short_name
from engine.roster.tasks import ModelTasks, Task, busy
from engine.store.database import Database

Listener = Callable[[ModelEvent], None]
IsCancelled = Callable[[], bool]


class ModelShelf:
    """The models of one library. Safe to use from several threads.

    `used` is what an open library answers with; without, the settings say it. `readers` is how
    many processes read files while it is indexed. What begins with `start_` returns at once, goes
    on in the background, and is told to those who subscribed; the rest is done on the caller's
    thread. Errors are ModelErrors: nothing that fails here harms the library.
    """

    def __init__(
        self, home: Home, database: Database, readers: int, used: ModelsInUse | None = None
    ) -> None:
        self._home = home
        self._database = database
        self._used = used
        self._store = ModelStore(home.models)
        self._ledger = Ledger(home.network_ledger)
        self._ground = Ground(self._store, database, readers)
        self._listeners: list[Listener] = []
        self._tasks = ModelTasks(self._announce)

    @classmethod
    @contextmanager
    def open(cls, home: Home, readers: int) -> Iterator[ModelShelf]:
        """The models of a library that is not open otherwise. Raises what opening it raises."""
        home.create()
        database = Database(home.database)
        shelf = cls(home, database, readers)
        try:
            yield shelf
        finally:
            shelf.close()
            database.close()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener`, on threads of the engine, with every event; returns how to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Stops what is done in the background, and waits until it has stopped."""
        self._listeners.clear()
        self._tasks.close()

    # What there is

    def overview(self) -> ModelsOverview:
        """Every model there is or could be, and what is done with them."""
        present = self._present()
        kept = kept_of(self._database, present)
        return ModelsOverview(
            entries=tuple(entries(self._store, present, kept)),
            preparing=self._used.preparing if self._used is not None else None,
            tasks=self._tasks.running(),
        )

    def kept(self) -> tuple[Kept, ...]:
        """What is stored of models that are neither in use nor prepared."""
        return kept_of(self._database, self._present())

    def recommend(self, languages: Sequence[str], photos: int | None = None) -> Recommendation:
        """What suits this computer, languages (ISO 639) and the library, or so many `photos`.

        Some photos are read and timed, which takes some seconds.
        """
        return advise(self._ground, languages, photos)

    def download_of(self, name: str) -> Download:
        """What `install` would fetch, and from where; opens no connection. Raises ModelError."""
        asked = wanted(name)
        visit = Visit(self._ledger, "")
        visit.endpoint = visit.endpoint or import_hub().constants.ENDPOINT
        known = asked.choice
        return Download(
            name=name,
            title=known.title if known else name,
            host=visit.host,
            repository=known.repository if known else "",
            size_bytes=known.disk_bytes if known else 0,
            licence=known.licence if known else "see the model's publisher",
        )

    def sent(self) -> tuple[Sent, ...]:
        """Every request that ever left this computer for Keepsight, oldest first."""
        return tuple(Sent(**asdict(request)) for request in self._ledger.requests())

    # What can be done

    def install(
        self,
        name: str,
        on_bytes: OnBytes = lambda *_: None,
        is_cancelled: IsCancelled = lambda: False,
    ) -> InstalledModel:
        """Downloads a model, by its name in the list or as ARCHITECTURE/WEIGHTS.

        After an error what was fetched waits for the next try. Raises ModelError.
        """
        try:
            return install(self._store, self._ledger, wanted(name), on_bytes, is_cancelled)
        finally:
            self._announce(ModelsChanged())

    def import_from(
        self,
        source: Path,
        name: str = "",
        architecture: str = "",
        on_bytes: OnBytes = lambda *_: None,
        is_cancelled: IsCancelled = lambda: False,
    ) -> InstalledModel:
        """Installs a model from a file or folder, called by `name_for`. Raises ModelError."""
        called = name or name_for(source)
        return import_model(self._store, source, called, architecture, on_bytes, is_cancelled)

    def export(self, name: str, file: Path, on_bytes: OnBytes = lambda *_: None) -> None:
        """Writes an installed model into one file. Raises ModelError."""
        export_model(self._store, name, file, on_bytes)

    def measure(self, name: str, on_progress: Progress = lambda *_: None) -> Plan:
        """Finds how an installed model runs fastest here; else it runs as it came.

        Raises ModelError, also where it is in use: its vectors may be others afterwards.
        """
        self._require_unused(name, "measure it again")
        return compile_installed(self._ground, name, on_progress)

    def use(self, name: str, *, mixes: bool = False) -> ModelCard:
        """Prepares a model to take over, or ends that, with the name of the one in use.

        Of a library that is not open, it takes over at once where it has embedded all there is.
        Raises ModelError, with nothing changed.
        """
        if self._tasks.is_busy(name):
            raise busy(name)
        if self._store.resolve(name) != name:
            self._store.model(name)
        if self._used is None:
            return choose(self._home, self._database, name, mixes=mixes)
        self._used.prepare(name, mixes=mixes)
        self._announce(ModelsChanged())
        return (self._used.incoming or self._used.active).card

    def stop_preparing(self) -> None:
        """Goes on with the model in use; what the next one has embedded is kept."""
        if self._used is not None:
            self._used.prepare(self._used.active.spec)
            self._announce(ModelsChanged())

    def take_over_now(self) -> None:
        """Lets the model that is prepared take over as it is; the rest is embedded afterwards."""
        if self._used is not None:
            self._used.take_over_now()

    def remove(self, name: str) -> None:
        """Deletes an installed model, and what an unfinished installation of it left.

        What it has embedded stays. Raises ModelError, also where it is in use.
        """
        if self._tasks.is_busy(name):
            raise busy(name)
        self._require_unused(name, f"remove {name}")
        if not self._store.remove(name):
            raise ModelError("There is no such model here", f"“{name}” is not installed.")
        self._announce(ModelsChanged())

    def drop(self, name: str) -> int:
        """Erases what a model that is not in use has embedded, and returns its size in bytes.

        A way back to it then takes as long as at first. Raises ModelError.
        """
        kept = self.kept()
        dropped = [one for one in kept if name in (one.name, one.fingerprint)]
        if not dropped:
            self._require_unused(name, f"drop what {name} has encoded")
            known = ", ".join(sorted({one.name for one in kept})) or "nothing"
            raise ModelError(
                "Nothing is kept of such a model", f"“{name}” has encoded nothing. Kept: {known}."
            )
        erase(self._home, self._database, {one.fingerprint for one in dropped}, self._used)
        self._announce(ModelsChanged())
        return sum(one.size_bytes for one in dropped)

    # In the background

    def start_install(self, name: str) -> None:
        """Installs a model, and then measures how it runs fastest."""
        asked = wanted(name)

        def work(task: Task) -> None:
            self.install(name, task.on_bytes, task.is_cancelled)
            self._measure(task)

        self._tasks.start(asked.name, Doing.DOWNLOADING, work)

    def start_import(self, source: Path, name: str = "", architecture: str = "") -> None:
        """Imports a model, and then measures how it runs fastest."""
        called = name or name_for(source)

        def work(task: Task) -> None:
            self.import_from(source, called, architecture, task.on_bytes, task.is_cancelled)
            self._announce(ModelsChanged())
            self._measure(task)

        self._tasks.start(called, Doing.IMPORTING, work)

    def start_export(self, name: str, file: Path) -> None:
        """Writes an installed model into one file."""
        self._tasks.start(
            name, Doing.EXPORTING, lambda task: self.export(name, file, task.on_bytes)
        )

    def start_drop(self, name: str) -> None:
        """Erases what a model has embedded."""
        self._tasks.start(name, Doing.DROPPING, lambda _: self.drop(name))

    def start_recommend(self, languages: Sequence[str]) -> None:
        """Finds what suits; the Recommendation is an event."""

        def work(_task: Task) -> None:
            self._announce(self.recommend(languages))

        self._tasks.start("", Doing.ADVISING, work)

    def cancel(self, name: str) -> None:
        """Asks what is done with a model to stop."""
        self._tasks.cancel(name)

    def _measure(self, task: Task) -> None:
        task.turn_to(Doing.MEASURING)
        self.measure(task.progress.name, task.on_step)
        self._announce(ModelsChanged())

    def _present(self) -> Present:
        if self._used is not None:
            return present_of(self._used)
        return present_by_settings(self._home, self._store)

    def _require_unused(self, name: str, wish: str) -> None:
        chosen = settings.load(self._home)
        if short_name(name) in map(short_name, filter(None, (chosen.model, chosen.next_model))):
            raise ModelError(
                "The model is in use",
                f"Use another before you {wish}: the built-in one, for instance "
                "(keepsight models use starter, and index).",
            )

    def _announce(self, event: ModelEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)


def name_for(source: Path) -> str:
    """What a model from a file or folder is called, unless a person says otherwise."""
    return name_of(source.absolute().stem)
