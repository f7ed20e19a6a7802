"""The door to the models, on a real library and through the hub's stand-in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.library import Library
from engine.model_records import (
    Doing,
    ModelEntry,
    ModelEvent,
    Recommendation,
    Standing,
    TaskEnded,
    TaskProgress,
)
from engine.models.openclip import architectures
from engine.models.shelf.choices import choices
from engine.models.shelf.importing import import_model
from engine.models.shelf.installed import ModelStore
from engine.roster import advice
from engine.roster.shelf import ModelShelf, name_for
from engine.search_records import Query
from tests.engine.models import tiny_published
from tests.engine.models.hub_standin import StandIn
from tests.engine.models.tiny_published import ARCHITECTURE
from tests.model_hub import ASKED, NAME, tiny_hub

PATIENCE_S = 100


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_published.weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, weights) -> Iterator[StandIn]:
    with tiny_hub(monkeypatch, weights) as hub:
        yield hub


@pytest.fixture
def mine(home, weights) -> str:
    """A model that is installed, and not measured, which takes seconds."""
    import_model(ModelStore(home.models), weights[".safetensors"], "mine", ARCHITECTURE)
    return "mine"


@pytest.fixture
def indexed(library: Library, pictures: Path, make_photo) -> Library:
    for number in range(5):
        make_photo(pictures / f"{number}.png", seed=number)
    (pictures / "note.txt").write_text("boats in a harbour")
    finish(library, pictures)
    return library


class Told:
    """Collects what a shelf tells, and waits for the end of a task."""

    def __init__(self, shelf: ModelShelf) -> None:
        self.events: list[ModelEvent] = []
        self._ended = threading.Event()
        shelf.subscribe(self._on_event)

    def _on_event(self, event: ModelEvent) -> None:
        self.events.append(event)
        if isinstance(event, TaskEnded):
            self._ended.set()

    def end(self) -> TaskEnded:
        assert self._ended.wait(PATIENCE_S)
        self._ended.clear()
        return [event for event in self.events if isinstance(event, TaskEnded)][-1]

    def doings(self) -> list[Doing]:
        told = (event.doing for event in self.events if isinstance(event, TaskProgress))
        return list(dict.fromkeys(told))


def finish(library: Library, *folders: Path) -> None:
    for _ in library.index(folders):
        pass


def entry(shelf: ModelShelf, name: str) -> ModelEntry:
    return next(entry for entry in shelf.overview().entries if entry.name == name)


def standings(shelf: ModelShelf) -> dict[str, Standing]:
    return {entry.name: entry.standing for entry in shelf.overview().entries}


def test_every_model_is_listed_with_what_it_is(library, mine) -> None:
    listed = library.models.overview().entries
    assert [(e.name, e.standing) for e in listed[:2]] == [
        ("starter", Standing.IN_USE),
        ("mine", Standing.INSTALLED),
    ]
    assert listed[0].card is not None
    assert listed[0].size_bytes > 10_000_000
    assert "of 100 captions" in listed[0].note
    assert listed[1].size_bytes > 1_000_000
    to_install = [entry for entry in listed if entry.standing is Standing.TO_INSTALL]
    assert [entry.name for entry in to_install] == [choice.name for choice in choices()]
    assert all(entry.figures and entry.size_bytes and entry.licence for entry in to_install)


def test_a_model_is_listed_from_preparing_to_its_way_back(indexed, mine, embedded) -> None:
    shelf = indexed.models
    assert shelf.use(mine, mixes=True).dimension == 24
    assert standings(shelf)["starter"] is Standing.IN_USE
    assert standings(shelf)[mine] is Standing.PREPARING
    preparing = shelf.overview().preparing
    assert preparing is not None
    assert preparing.mixes
    shelf.stop_preparing()
    assert standings(shelf)[mine] is Standing.INSTALLED
    shelf.use(mine)
    finish(indexed)
    assert standings(shelf)[mine] is Standing.IN_USE
    built_in = entry(shelf, "starter")
    assert built_in.standing is Standing.BUILT_IN
    assert built_in.kept_bytes == embedded()["starter"] * 384 * 2


def test_dropping_frees_the_rows_and_files_of_that_model_only(
    indexed, mine, home, pictures, embedded
) -> None:
    shelf = indexed.models
    shelf.use(mine)
    finish(indexed)
    count = embedded()["starter"]
    assert list(home.vectors.glob("starter-*"))
    others = [path for path in home.vectors.iterdir() if not path.name.startswith("starter-")]
    assert shelf.drop("starter") == count * 384 * 2
    assert list(embedded().values()) == [count]
    assert sorted(home.vectors.iterdir()) == sorted(others), "its files, and no others"
    assert entry(shelf, "starter").kept_bytes == 0
    assert indexed.search(Query(picture=pictures / "3.png", limit=1)).hits[0].path.name == "3.png"
    indexed.close()
    assert list(home.vectors.glob("starter-*")) == [], "closing brings none of it back"


def test_what_was_dropped_is_encoded_anew_on_the_way_back(indexed, mine, embedded) -> None:
    shelf = indexed.models
    shelf.use(mine)
    finish(indexed)
    count = embedded()["starter"]
    shelf.drop("starter")
    shelf.use("starter")
    assert standings(shelf)["starter"] is Standing.PREPARING, "it has nothing to answer with"
    finish(indexed)
    assert embedded()["starter"] == count
    assert indexed.search(Query(text="boats")).hits[0].path.name == "note.txt"


def test_what_is_in_use_or_prepared_is_not_dropped(indexed, mine, embedded) -> None:
    shelf = indexed.models
    before = embedded()
    with pytest.raises(ModelError, match="in use"):
        shelf.drop("starter")
    shelf.use(mine)
    with pytest.raises(ModelError, match="in use"):
        shelf.drop(mine)
    with pytest.raises(ModelError, match="Nothing is kept"):
        shelf.drop("none")
    assert embedded()["starter"] == before["starter"]


def test_what_a_removed_model_left_is_listed_and_can_be_dropped(indexed, mine, embedded) -> None:
    shelf = indexed.models
    shelf.use(mine)
    finish(indexed)
    shelf.use("starter")
    finish(indexed)
    shelf.remove(mine)
    left = entry(shelf, mine)
    assert left.standing is Standing.LEFT_OVER
    assert left.kept_bytes == embedded()["starter"] * 24 * 2
    shelf.drop(mine)
    assert mine not in standings(shelf)
    assert list(embedded()) == ["starter"]


def test_a_library_that_is_not_open_says_the_same(indexed, mine, home) -> None:
    indexed.models.use(mine)
    finish(indexed)
    told = [(e.name, e.standing, e.kept_bytes) for e in indexed.models.overview().entries]
    indexed.close()
    with ModelShelf.open(home, 1) as shelf:
        assert [(e.name, e.standing, e.kept_bytes) for e in shelf.overview().entries] == told
        with pytest.raises(ModelError, match="in use"):
            shelf.remove(mine)
        shelf.drop("starter")
        assert shelf.kept() == ()


def test_a_damaged_model_in_use_keeps_what_it_encoded(indexed, mine, home) -> None:
    indexed.models.use(mine)
    finish(indexed)
    indexed.close()
    (home.models / mine / architectures.WEIGHTS).unlink()
    with ModelShelf.open(home, 1) as shelf:
        damaged = shelf.overview().entries[0]
        assert (damaged.name, damaged.standing) == (mine, Standing.DAMAGED)
        assert damaged.problem
        assert [kept.name for kept in shelf.kept()] == ["starter"]
        with pytest.raises(ModelError, match="in use"):
            shelf.drop(mine)


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_installing_goes_on_in_the_background_until_it_is_measured(library, standin) -> None:
    shelf = library.models
    described = shelf.download_of(ASKED)
    assert described.host == standin.url.removeprefix("http://")
    assert not standin.paths, "describing opens no connection"
    told = Told(shelf)
    shelf.start_install(ASKED)
    assert told.end() == TaskEnded(NAME, Doing.MEASURING)
    assert told.doings() == [Doing.DOWNLOADING, Doing.MEASURING]
    fetched = [e for e in told.events if isinstance(e, TaskProgress) and e.total > 1_000_000]
    assert fetched[-1].done == fetched[-1].total
    installed = entry(shelf, NAME)
    assert installed.standing is Standing.INSTALLED
    assert installed.photos_per_s > 0
    assert {request.host for request in shelf.sent()} == {"127.0.0.1"}


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_download_that_is_cancelled_can_be_gone_on_with(library, standin) -> None:
    shelf = library.models
    told = Told(shelf)

    def cancel(event: ModelEvent) -> None:
        if isinstance(event, TaskProgress) and event.doing is Doing.DOWNLOADING and event.total:
            shelf.cancel(NAME)

    stop = shelf.subscribe(cancel)
    shelf.start_install(ASKED)
    assert told.end() == TaskEnded(NAME, Doing.DOWNLOADING, cancelled=True)
    assert entry(shelf, NAME).standing is Standing.BEGUN
    stop()
    shelf.start_install(ASKED)
    assert told.end().title == ""
    assert entry(shelf, NAME).standing is Standing.INSTALLED


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_download_that_fails_says_why_and_harms_nothing(indexed, standin) -> None:
    standin.tamper = True
    told = Told(indexed.models)
    indexed.models.start_install(ASKED)
    ended = told.end()
    assert ended.title == "The download is damaged"
    assert "checksum" in ended.message
    assert standings(indexed.models)["starter"] is Standing.IN_USE
    assert indexed.search(Query(text="boats")).hits[0].path.name == "note.txt"


def test_a_model_that_is_worked_at_is_neither_used_nor_removed(
    library, mine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def export_model(*_: object) -> None:
        begun.set()
        assert may_end.wait(PATIENCE_S)

    monkeypatch.setattr("engine.roster.shelf.export_model", export_model)
    told = Told(library.models)
    library.models.start_export(mine, Path("never-written.zip"))
    assert begun.wait(PATIENCE_S)
    for refused in (library.models.use, library.models.remove):
        with pytest.raises(ModelError, match="already"):
            refused(mine)
    assert [task.name for task in library.models.overview().tasks] == [mine]
    may_end.set()
    assert told.end().title == ""


@pytest.mark.slow
def test_a_model_goes_out_and_comes_back_by_a_file(library, mine, tmp_path: Path) -> None:
    told = Told(library.models)
    library.models.start_export(mine, tmp_path / "copy.zip")
    assert told.end() == TaskEnded(mine, Doing.EXPORTING)
    library.models.start_import(tmp_path / "copy.zip")
    assert told.end() == TaskEnded("copy", Doing.MEASURING)
    assert standings(library.models)["copy"] is Standing.INSTALLED
    library.models.start_import(tmp_path / "none.zip")
    assert "does not exist" in told.end().message


def test_advice_is_told_when_it_is_found(indexed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice, "time_reference", lambda *_: 0.25)
    told = Told(indexed.models)
    indexed.models.start_recommend(["zh"])
    assert told.end() == TaskEnded("", Doing.ADVISING)
    (found,) = [event for event in told.events if isinstance(event, Recommendation)]
    assert len(found.advised) == len(choices())
    best = found.advised[0]
    assert best.suits
    assert best.index_s is not None
    assert "zh" in found.based_on


def test_a_model_is_measured_only_while_it_is_not_in_use(library, mine) -> None:
    library.models.use(mine)
    with pytest.raises(ModelError, match="in use"):
        library.models.measure(mine)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("ViT B-32.pt", "ViT-B-32"),
        ("model.zip", "model"),
        ("folder", "folder"),
        ("模型.zip", ""),
        (f"{'a' * 63} b.zip", "a" * 63),
    ],
)
def test_an_imported_model_is_called_after_its_file(source: str, name: str) -> None:
    assert name_for(Path(source)) == name
