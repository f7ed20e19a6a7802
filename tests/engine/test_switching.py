"""A library changes over to another model: what answers meanwhile, and what a break leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import settings
from engine.events import IndexProgress, Phase, Preparing
from engine.library import Library
from engine.models import catalog
from engine.models.base import Encoder
from engine.paths import Home
from engine.readings import Kind
from engine.search_records import Query
from tests.engine.choosing import answering, choose_model
from tests.engine.conftest import PATIENCE_S

PHOTOS = 70
NOTE = "boats in a harbour"

Embedded = Callable[[], dict[str, int]]

pytestmark = pytest.mark.slow  # a model of OpenCLIP's takes seconds to import


@pytest.fixture
def shelf(home: Home, pictures: Path, make_photo: Callable[..., Path]) -> Path:
    """A folder with more photos than a batch holds, indexed by the starter."""
    for number in range(PHOTOS):
        make_photo(pictures / f"{number:03}.png", seed=number)
    (pictures / "note.txt").write_text(NOTE)
    with Library.open(home) as library:
        run(library.index([pictures]))
    return pictures


def run(steps: Iterator[IndexProgress]) -> list[IndexProgress]:
    return list(steps)


def until_preparing(steps: Iterator[IndexProgress]) -> IndexProgress:
    """Goes as far as the first step that gave the next model some vectors."""
    return next(step for step in steps if step.phase is Phase.PREPARING)


def found(library: Library, picture: Path) -> str:
    hits = library.search(Query(picture=picture, kind=Kind.PHOTO, limit=1)).hits
    return hits[0].path.name


def test_the_present_model_answers_until_the_next_is_complete(
    home: Home, shelf: Path, tiny: str, embedded: Embedded
) -> None:
    with Library.open(home) as library:
        library.models.use(tiny)
        steps = library.index([])
        progress = until_preparing(steps)
        assert (progress.total, progress.model) == (PHOTOS + 1, "tiny")
        assert 0 < progress.done < progress.total
        assert answering(library).name == "starter"
        assert found(library, shelf / "042.png") == "042.png"
        last = run(steps)[-1]
        assert (last.phase, last.done) == (Phase.IDLE, 0), "no file was read"
        assert answering(library).name == tiny
        assert found(library, shelf / "042.png") == "042.png"
        assert library.search(Query(text="boats")).hits[0].path.name == "note.txt"
    assert settings.load(home).model == tiny
    assert settings.load(home).next_model == ""
    assert embedded() == {"starter": PHOTOS + 1, tiny: PHOTOS + 1}


def test_a_break_loses_nothing_that_was_prepared(
    home: Home, shelf: Path, tiny: str, embedded: Embedded
) -> None:
    with Library.open(home) as library:
        library.models.use(tiny)
        done = until_preparing(library.index([])).done
    assert embedded()[tiny] == done
    with Library.open(home) as library:
        assert answering(library).name == "starter"
        first = until_preparing(library.index([]))
        assert first.done > done
        run(library.index([]))
        assert answering(library).name == tiny
    with Library.open(home) as library:
        assert answering(library).name == tiny


def test_a_start_does_not_wait_for_the_next_model_to_be_loaded(
    home: Home,
    shelf: Path,
    tiny: str,
    observe: Callable[[Library], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose_model(home, tiny)
    has_started = threading.Event()
    load = catalog.load

    def load_slowly(model: str) -> Encoder:
        assert model != tiny or has_started.wait(PATIENCE_S)
        return load(model)

    monkeypatch.setattr(catalog, "load", load_slowly)
    with Library.open(home) as library:
        observer = observe(library)
        library.start()
        assert found(library, shelf / "042.png") == "042.png"
        has_started.set()
        observer.wait_for(lambda: answering(library).name == tiny and observer.is_idle())


def test_what_comes_meanwhile_is_found_by_both(
    home: Home, shelf: Path, tiny: str, make_photo: Callable[..., Path]
) -> None:
    with Library.open(home) as library:
        library.models.use(tiny)
        until_preparing(library.index([]))
        make_photo(shelf / "new.png", seed=1000)
        steps = library.index([shelf])
        until_preparing(steps)
        assert answering(library).name == "starter"
        assert found(library, shelf / "new.png") == "new.png"
        run(steps)
        assert answering(library).name == tiny
        assert found(library, shelf / "new.png") == "new.png"


def test_by_choice_each_answers_for_what_it_has(
    home: Home, shelf: Path, tiny: str, embedded: Embedded
) -> None:
    with Library.open(home) as library:
        library.models.use(tiny, mixes=True)
        progress = until_preparing(library.index([]))
        hits = library.search(Query(text="a photo", limit=2 * PHOTOS)).hits
        assert len({hit.content_id for hit in hits}) == len(hits) == PHOTOS + 1
        assert all(len(hit.matches) == 1 for hit in hits), "one model alone found each"
        for number in range(0, PHOTOS, 7):
            asked = shelf / f"{number:03}.png"
            like = library.search(Query(picture=asked, limit=2 * PHOTOS)).hits
            (same,) = (hit for hit in like if hit.path == asked)
            assert [match.rank for match in same.matches] == [1], "the nearest to its own model"
    assert embedded() == {"starter": PHOTOS + 1, tiny: progress.done}


def test_it_may_be_called_off(home: Home, shelf: Path, tiny: str) -> None:
    with Library.open(home) as library:
        library.models.use(tiny)
        until_preparing(library.index([]))
        library.models.use("starter")
        phases = {step.phase for step in library.index([])}
        assert Phase.PREPARING not in phases
        assert answering(library).name == "starter"
    assert settings.load(home) == settings.Settings(recognises_text=False, looks_closer=False)


def test_who_cannot_wait_gets_it_at_once_and_the_rest_follows(
    home: Home, shelf: Path, tiny: str, embedded: Embedded
) -> None:
    with Library.open(home) as library:
        library.models.use(tiny)
        steps = library.index([])
        until_preparing(steps)
        library.models.take_over_now()
        assert next(steps).phase is not Phase.PREPARING
        assert answering(library).name == tiny
        run(steps)
    assert embedded()[tiny] == PHOTOS + 1


def test_photos_on_a_drive_that_is_away_are_waited_for(
    home: Home, shelf: Path, tiny: str, observe: Callable[[Library], Any], embedded: Embedded
) -> None:
    away = shelf.with_name("away")
    shelf.rename(away)
    with Library.open(home) as library:
        observer = observe(library)
        library.start()
        observer.wait_for(lambda: library.counts().offline and observer.is_idle())
        library.models.use(tiny)
        waits = Preparing("tiny", out_of_reach=PHOTOS, mixes=False)
        observer.wait_for(
            lambda: library.models.overview().preparing == waits and observer.is_idle()
        )
        assert answering(library).name == "starter"
        away.rename(shelf)
        observer.wait_for(lambda: answering(library).name == tiny and observer.is_idle())
        assert library.models.overview().preparing is None
    assert embedded()[tiny] == PHOTOS + 1


def test_a_model_that_is_complete_is_used_from_the_next_opening(
    home: Home, shelf: Path, tiny: str
) -> None:
    assert choose_model(home, tiny).dimension == 24
    with Library.open(home) as library:
        assert answering(library).name == "starter"
        run(library.index([]))
        assert answering(library).name == tiny
    choose_model(home, "starter")
    with Library.open(home) as library:
        assert answering(library).name == "starter"


def test_a_next_model_that_is_gone_leaves_the_present_one(
    home: Home, shelf: Path, tiny: str
) -> None:
    choose_model(home, tiny)
    folder = Path(tiny.removeprefix("openclip:"))
    folder.rename(folder.with_name("gone"))
    events: list[object] = []
    with Library.open(home) as library:
        library.subscribe(events.append)
        run(library.index([]))
        assert answering(library).name == "starter"
        assert found(library, shelf / "042.png") == "042.png"
    titles = [getattr(event, "title", "") for event in events]
    assert "The model's folder is missing" in titles
