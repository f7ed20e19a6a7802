"""What a person taught the model in use: fitted, in use from the next search on, removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.events import Failure
from engine.roster.in_use import ModelsInUse
from engine.search.probes import Read
from engine.search.query import parse
from engine.search_records import Query
from engine.store.database import Database
from engine.training.adapters.adapter import Adapter
from engine.training.adapters.examples import ExampleSource, Progress
from engine.training.adapters.fit import fit
from engine.training.adapters.judgements import Judgement


class OwnWords:
    """The adapter of the model in use."""

    def __init__(
        self, database: Database, models: ModelsInUse, read: Read, changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._models = models
        self._read = read
        self._changed = changed

    @property
    def adapter(self) -> Adapter | None:
        """What a person taught the model in use, with what it changes; None where it is nothing."""
        return self._models.active.adapters.current

    def fit(
        self, judgements: Sequence[Judgement], on_progress: Progress = lambda *_: None
    ) -> Adapter:
        """Fits an adapter to what a person says of photos, and uses it from the next search on.

        It takes the former one's place. Photos that are not in the library are read and encoded.
        Raises ModelError where it would not help, or CaptionsError where a photo cannot be read;
        the former one then stays.
        """
        asked = [replace(j, query=parse(Query(j.query)).words) for j in judgements]
        model = self._models.active
        source = ExampleSource(self._database, model.encoder, model.vectors, self._read)
        examples = source.examples(asked, on_progress)
        on_progress("Fitting", 0, 1)
        adapter = fit(examples, model.card.fingerprint)
        model.adapters.write(adapter)
        on_progress("Fitting", 1, 1)
        self._changed()
        return adapter

    def remove(self) -> bool:
        """Removes what the model in use was taught, damaged or not; tells whether there was any.

        Searches then give what they gave before.
        """
        removed = self._models.active.adapters.remove()
        self._changed()
        return removed

    @property
    def problem(self) -> Failure | None:
        """Why what was taught cannot be used, if it cannot."""
        problem = self._models.active.adapters.problem
        return Failure(problem.title, problem.message) if problem is not None else None
