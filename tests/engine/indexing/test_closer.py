"""A closer look at photos: what is found by it, and what a break, a move or a change leaves."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from engine import settings
from engine.events import Event, IndexProgress, Phase
from engine.indexing.closer import AT_ONCE, BOXES
from engine.library import Library
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.search_records import Band, Hit, Query
from tests.engine.choosing import answering

Embedded = Callable[[], dict[str, int]]
Parts = Callable[[], list[tuple[int, str]]]

EACH = 1 + len(BOXES)


@pytest.fixture
def parts(home: Home) -> Parts:
    """The ids and the boxes of the parts in the home's library."""

    def tell() -> list[tuple[int, str]]:
        with closing(sqlite3.connect(home.database)) as connection:
            return connection.execute(
                "SELECT id, boxes FROM segments WHERE kind = 'part' ORDER BY id"
            ).fetchall()

    return tell


@pytest.fixture
def shelf(pictures: Path, make_photo: Callable[..., Path]) -> Path:
    """A folder with more photos than are looked at at once."""
    for number in range(2 * AT_ONCE + 1):
        make_photo(pictures / f"{number}.png", seed=number)
    return pictures


def steps(library: Library, folder: Path) -> Iterator[IndexProgress]:
    return library.index([folder], looks_closer=True)


def run(library: Library, folder: Path) -> list[Phase]:
    return [step.phase for step in steps(library, folder)]


def hit_named(library: Library, query: Query, name: str) -> Hit:
    return next(hit for hit in library.search(query).hits if hit.path.name == name)


def test_a_small_thing_in_a_photo_is_found_once_it_is_looked_at_closer(
    library: Library, pictures: Path, real_photos: dict[str, Path]
) -> None:
    large = {name: Image.open(file).convert("RGB") for name, file in real_photos.items()}
    large["coffee"].save(pictures / "coffee.jpg")
    large["rocket"].save(pictures / "rocket.jpg")
    table = large["coffee"].resize((600, 600))
    table.paste(large["cat"].resize((240, 240)), (360, 360))
    table.save(pictures / "table.jpg")
    query = Query("a tabby cat")
    for _ in library.index([pictures]):
        pass
    before = hit_named(library, query, "table.jpg")
    assert before.band is Band.WEAK
    assert Phase.LOOKING_CLOSER in run(library, pictures)
    after = hit_named(library, query, "table.jpg")
    assert after.band is Band.MAYBE
    assert after.segment_id != before.segment_id
    assert (before.matches[0].of_a_part, after.matches[0].of_a_part) == (False, True)
    assert after.matches[0].detail.startswith("a part of it is closer than")
    assert (after.content_id, after.spot) == (before.content_id, before.spot)
    assert (after.snippet, after.boxes) == ("", ()), "a part is no text to be marked"
    assert len(library.search(query).hits) == library.counts().photos == 3
    others = [hit for hit in library.search(query).hits if hit.path.name != "table.jpg"]
    assert {hit.band for hit in others} == {Band.WEAK}
    like = [
        [hit.path.name for hit in library.search(Query(like=h.content_id, like_segment=s)).hits]
        for h, s in ((before, before.segment_id), (after, after.segment_id))
    ]
    assert like[0] == like[1], "more like a part is more like the photo"


def test_a_part_that_shows_what_the_whole_does_speaks_not_for_it(
    library: Library, pictures: Path
) -> None:
    Image.new("RGB", (300, 300), (40, 90, 200)).save(pictures / "sky.png")
    run(library, pictures)
    for query in (Query("a blue sky"), Query("一只猫"), Query(picture=pictures / "sky.png")):
        assert not hit_named(library, query, "sky.png").matches[0].of_a_part


def test_photos_are_looked_at_once_where_asked_and_not_again_when_they_move(
    library: Library, shelf: Path, embedded: Embedded, parts: Parts
) -> None:
    for step in library.index([shelf]):
        assert step.phase is not Phase.LOOKING_CLOSER
    photos = embedded()["starter"]
    progress = [step for step in steps(library, shelf) if step.phase is Phase.LOOKING_CLOSER]
    assert (progress[-1].done, progress[-1].total) == (photos, photos)
    assert embedded()["starter"] == EACH * photos
    kept = parts()
    (shelf / "0.png").rename(shelf / "moved.png")
    assert Phase.LOOKING_CLOSER not in run(library, shelf)
    assert (embedded()["starter"], parts()) == (EACH * photos, kept)


@pytest.mark.slow
def test_a_break_loses_nothing_that_was_looked_at(
    home: Home, shelf: Path, embedded: Embedded, parts: Parts
) -> None:
    with Library.open(home) as library:
        for step in steps(library, shelf):
            if step.phase is Phase.LOOKING_CLOSER and step.done > AT_ONCE:
                break
        photos = library.counts().photos
    assert embedded()["starter"] == photos + AT_ONCE * len(BOXES)
    kept = parts()
    with Library.open(home) as library:
        progress = [step for step in steps(library, shelf) if step.phase is Phase.LOOKING_CLOSER]
        assert progress[0].total == photos - AT_ONCE
    assert embedded()["starter"] == EACH * photos
    assert parts()[: len(kept)] == kept


@pytest.mark.slow  # a model of OpenCLIP's takes seconds to import
def test_a_next_model_does_not_wait_for_parts_and_gets_its_own(
    home: Home, shelf: Path, tiny: str, embedded: Embedded, parts: Parts
) -> None:
    with Library.open(home) as library:
        run(library, shelf)
        photos = library.counts().photos
        kept = parts()
        library.models.use(tiny)
        for step in steps(library, shelf):
            if step.phase is Phase.LOOKING_CLOSER:
                break
            if step.phase is Phase.PREPARING:
                assert step.total == photos
        assert answering(library).name == tiny
        run(library, shelf)
    assert embedded() == {"starter": EACH * photos, tiny: EACH * photos}
    assert parts() == kept, "they are the same for every model"


@pytest.mark.slow
def test_of_two_models_one_alone_finds_each_photo(home: Home, shelf: Path, tiny: str) -> None:
    with Library.open(home) as library:
        run(library, shelf)
        library.models.use(tiny, mixes=True)
        for step in steps(library, shelf):
            if step.phase is Phase.PREPARING:
                break
        hits = library.search(Query("a photo")).hits
        assert len(hits) == library.counts().photos
        assert all(len(hit.matches) == 1 for hit in hits)


@pytest.mark.slow
def test_what_cannot_be_read_any_more_is_passed_over(
    home: Home, shelf: Path, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = ReaderPool.submit_read
    asked: list[str] = []

    def submit_read(self, path, spec, *arguments):
        asked.append(path.name)
        if len(asked) == 1:
            path.unlink()
        elif len(asked) == 2:
            path.write_bytes(path.read_bytes()[:40])
        return submit(self, path, spec, None, *arguments[1:])

    with Library.open(home) as library:
        for _ in library.index([shelf]):
            pass
        photos = library.counts().photos
        monkeypatch.setattr(ReaderPool, "submit_read", submit_read)
        assert list(library.index([], looks_closer=True))[-1].phase is Phase.IDLE
        assert len(asked) == photos
        assert embedded()["starter"] == photos + (photos - 2) * len(BOXES)
        list(library.index([], looks_closer=True))
        assert asked[photos:] == asked[:1], "only what may be back is tried again"


def test_forgetting_a_folder_leaves_no_part(
    library: Library, shelf: Path, embedded: Embedded, parts: Parts
) -> None:
    run(library, shelf)
    (folder,) = library.folders()
    library.remove_folder(folder.id)
    assert (embedded(), parts()) == ({}, [])
    assert library.search(Query("a photo")).hits == ()


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [True, False])
def test_a_person_may_do_without(home: Home, shelf: Path, wanted: bool) -> None:
    settings.save(home, settings.Settings(recognises_text=False, looks_closer=wanted))
    idle = threading.Event()
    phases: set[Phase] = set()
    with Library.open(home) as library:

        def hear(event: Event) -> None:
            if isinstance(event, IndexProgress):
                phases.add(event.phase)
                if event.phase is Phase.IDLE and library.counts().indexed:
                    idle.set()

        library.subscribe(hear)
        library.start()
        library.add_folder(shelf)
        assert idle.wait(60)
    assert (Phase.LOOKING_CLOSER in phases) is wanted
