"""The models of a library: the one that answers, and one that is prepared to take over."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from engine import settings
from engine.errors import ModelError
from engine.events import Preparing
from engine.indexing.embedding import Embedder
from engine.indexing.indexer import Indexer
from engine.indexing.switch import Switch
from engine.models import catalog
from engine.models.base import Encoder
from engine.models.shelf.installed import ModelStore
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.records import ModelCard
from engine.search.probes import Answering, Read
from engine.search.searcher import Searcher
from engine.store import embeddings, unembedded
from engine.store.database import Database
from engine.store.model_index import ModelIndex, delete_others
from engine.training.adapters.adapter import AdapterFile


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """One model in one library."""

    spec: str
    """The name of an installed model, or what `engine.models.catalog` loads."""
    encoder: Encoder
    vectors: ModelIndex
    adapters: AdapterFile

    @classmethod
    def load(cls, home: Home, database: Database, spec: str) -> ModelInUse:
        """The model that `spec` names, with what the library has of it. Raises ModelError."""
        encoder = catalog.load(ModelStore(home.models).resolve(spec))
        try:
            vectors = ModelIndex(database, home.vectors, encoder.card, encoder.background)
            return cls(spec, encoder, vectors, AdapterFile(home.adapters, encoder.card))
        except BaseException:
            encoder.close()
            raise

    @property
    def card(self) -> ModelCard:
        """What the model is."""
        return self.encoder.card

    def is_complete(self, database: Database) -> bool:
        """Whether all that it could embed is embedded."""
        connection, model_id = database.reading(), self.vectors.model_id
        return not (
            len(unembedded.missing_newest_first(connection, model_id))
            or unembedded.count_out_of_reach(connection, model_id)
        )

    @property
    def answering(self) -> Answering:
        """What a search asks of it."""
        return Answering(self.encoder, self.vectors, self.adapters.adapt)

    def embedder(self, database: Database, readers: ReaderPool) -> Embedder:
        """What gives segments their embeddings under it."""
        return Embedder(database, self.encoder, self.vectors, readers)

    def close(self) -> None:
        """Frees the memory."""
        self.encoder.close()


class ModelsInUse:
    """Changes over from one model to another, without a pause. Safe to use from several threads.

    What a library's settings say is what a crash leaves: at every moment, one model that answers.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        active: ModelInUse,
        indexer: Indexer,
        readers: ReaderPool,
        read: Read,
    ) -> None:
        self.active = active
        self.incoming: ModelInUse | None = None
        self.searcher = Searcher(database, [active.answering], read)
        self._home = home
        self._database = database
        self._indexer = indexer
        self._readers = readers
        self._read = read
        self._retired: list[ModelInUse] = []
        self._mixes = False
        self._lock = threading.RLock()

    def prepare(self, spec: str, *, mixes: bool = False) -> None:
        """Lets the model that `spec` names take over once it has embedded what there is.

        Until then the present one answers; with `mixes`, the next one answers for what it has.
        The present one's name ends what was begun. Raises ModelError, with nothing changed.
        """
        with self._lock:
            if spec == self.active.spec:
                self._cancel()
                return
            if self.incoming is None or self.incoming.spec != spec:
                incoming = ModelInUse.load(self._home, self._database, spec)
                if incoming.card.fingerprint == self.active.card.fingerprint:
                    incoming.close()
                    self._cancel()
                    return
                self._retire(self.incoming)
                self.incoming = incoming
            self._save(next_model=spec, mixes=mixes)
            self._mixes = mixes
            both = [self.incoming, self.active] if mixes else [self.active]
            self._answer_with(both)
            embedder = self.incoming.embedder(self._database, self._readers)
            self._indexer.switch = Switch(self.incoming.card.title, embedder, self._take_over)
        self._indexer.wake()

    def resume(self) -> None:
        """Goes on with what was begun before the last end. Raises ModelError."""
        chosen = settings.load(self._home)
        if chosen.next_model:
            self.prepare(chosen.next_model, mixes=chosen.mixes)

    def take_over_now(self) -> None:
        """Does not wait for what the next model still lacks: it is embedded afterwards."""
        switch = self._indexer.switch
        if switch is not None:
            switch.wanted_now = True
            self._indexer.wake()

    @property
    def preparing(self) -> Preparing | None:
        """The model that is to take over, if there is one."""
        switch = self._indexer.switch
        return Preparing(switch.title, switch.out_of_reach, self._mixes) if switch else None

    def drop(self, fingerprints: Collection[str]) -> None:
        """Erases what models have embedded. Raises ModelError where one of them is in use."""
        with self._lock:
            incoming = [self.incoming] if self.incoming is not None else []
            if any(model.card.fingerprint in fingerprints for model in (self.active, *incoming)):
                raise ModelError(
                    "The model is in use",
                    "What it has encoded answers your searches, or is about to. Nothing was "
                    "dropped.",
                )
            with self._database.writing() as connection:
                for fingerprint in fingerprints:
                    embeddings.drop(connection, fingerprint)
                # A former model still holds its vectors, and would write them when it closes.
                self.prune(connection)
            self.publish()

    def catch_up(self) -> None:
        """Adds the vectors that another process has made meanwhile."""
        for model in self._all():
            model.vectors.catch_up(self._database.reading())

    def prune(self, connection: sqlite3.Connection) -> None:
        """Removes the vectors that SQLite no longer has, and every trace of them on disk."""
        loaded = [model.vectors for model in self._all()]
        for vectors in loaded:
            vectors.erase(connection)
        delete_others(self._home.vectors, loaded)

    def publish(self) -> None:
        """Writes the vectors to disk."""
        for model in self._all():
            model.vectors.publish()

    def close(self) -> None:
        """Frees the memory."""
        for model in self._all():
            model.close()

    def _take_over(self) -> None:
        with self._lock:
            switch = self._indexer.switch
            if self.incoming is None or switch is None:
                return  # it was called off at this moment
            self._save(model=self.incoming.spec)
            self._retire(self.active)
            self.active, self.incoming = self.incoming, None
            self._answer_with([self.active])
            self._indexer.use(switch.embedder)
            self.publish()

    def _cancel(self) -> None:
        self._save()
        self._indexer.switch = None
        self._retire(self.incoming)
        self.incoming = None
        self._answer_with([self.active])

    def _save(self, *, model: str | None = None, next_model: str = "", mixes: bool = False) -> None:
        named = self.active.spec if model is None else model
        settings.change(
            self._home, lambda s: replace(s, model=named, next_model=next_model, mixes=mixes)
        )

    def _answer_with(self, models: Sequence[ModelInUse]) -> None:
        answering = [model.answering for model in models]
        self.searcher = Searcher(self._database, answering, self._read)

    def _retire(self, model: ModelInUse | None) -> None:
        # A search that began a moment ago may still ask it: it is closed with the library.
        if model is not None:
            model.vectors.publish()
            self._retired.append(model)

    def _all(self) -> list[ModelInUse]:
        incoming = [self.incoming] if self.incoming is not None else []
        return [self.active, *incoming, *self._retired]


def choose(home: Home, database: Database, spec: str, *, mixes: bool = False) -> ModelCard:
    """Uses the model that `spec` names from the next opening on, if it has embedded all there is.

    Otherwise it is prepared from the next indexing on. Raises ModelError, with nothing changed.
    """
    model = ModelInUse.load(home, database, spec)
    try:
        present = settings.load(home).model
        is_ready = spec == present or model.is_complete(database)
        plain = replace(settings.load(home), next_model="", mixes=False)
        begun = replace(plain, model=present, next_model=spec, mixes=mixes)
        settings.save(home, replace(plain, model=spec) if is_ready else begun)
    finally:
        model.close()
    return model.card
