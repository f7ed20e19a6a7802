"""While a library is open, what changes in its folders is picked up."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.events import Event, Phase
from engine.library import Library
from engine.search_records import Query


@pytest.fixture
def watching(library: Library, pictures: Path, make_photo, observe) -> Iterator[Any]:
    make_photo(pictures / "first.jpg", seed=1)
    observer = observe(library)
    library.add_folder(pictures)
    library.start()
    observer.wait_for_names("first.jpg")
    yield observer


def test_new_changed_moved_and_deleted_files_are_picked_up(watching, pictures, make_photo):
    make_photo(pictures / "second.jpg", seed=2)
    (pictures / "note.txt").write_text("A note about boats.")
    watching.wait_for_names("first.jpg", "second.jpg", "note.txt")
    (pictures / "first.jpg").rename(pictures / "renamed.jpg")
    (pictures / "second.jpg").unlink()
    watching.wait_for_names("renamed.jpg", "note.txt")
    (pictures / "note.txt").write_text("A note about lighthouses.")
    watching.wait_for(
        lambda: (
            bool(watching.library.search(Query(text='"lighthouses"')).hits) and watching.is_idle()
        )
    )


def test_folders_that_are_made_moved_and_deleted_are_picked_up(watching, pictures, make_photo):
    outside = pictures.with_name("outside")
    make_photo(outside / "deep" / "a.jpg", seed=3)
    make_photo(outside / "b.jpg", seed=4)
    outside.rename(pictures / "inside")
    watching.wait_for_names("first.jpg", "a.jpg", "b.jpg")
    (pictures / "inside").rename(pictures / "elsewhere")
    watching.wait_for(
        lambda: (
            any("elsewhere" in str(hit.path) for hit in watching.library.search(Query()).hits)
            and watching.is_idle()
        )
    )
    assert watching.names() == {"first.jpg", "a.jpg", "b.jpg"}
    (pictures / "elsewhere").rename(outside)
    watching.wait_for_names("first.jpg")


def test_a_burst_arrives_in_few_batches(watching, pictures, make_photo):
    scans: list[object] = []
    request = watching.library._indexer.request
    watching.library._folders._watcher._on_changes = lambda changes: (
        scans.append(changes),
        request(changes),
    )
    for number in range(80):
        make_photo(pictures / "burst" / f"{number}.jpg", seed=100 + number)
    watching.wait_for(lambda: len(watching.names()) == 81 and watching.is_idle())
    assert len(scans) <= 8
    assert watching.library.counts().skipped == 0


def test_a_half_written_file_waits_until_it_is_whole(watching, pictures, make_photo):
    whole = make_photo(pictures.with_name("whole.png"), seed=7, size=(800, 800)).read_bytes()
    settled = threading.Event()
    with (pictures / "slow.png").open("wb") as file:
        for part in range(4):
            file.write(whole[len(whole) * part // 4 : len(whole) * (part + 1) // 4])
            file.flush()
            settled.wait(0.4)  # a copy that takes longer than the watcher's patience
    watching.wait_for_names("first.jpg", "slow.png")
    assert watching.library.skips() == []


def test_the_sweep_at_start_repairs_what_was_missed(home, pictures, make_photo, observe):
    make_photo(pictures / "gone.jpg", seed=1)
    make_photo(pictures / "moved.jpg", seed=2)
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    (pictures / "gone.jpg").unlink()
    (pictures / "moved.jpg").rename(pictures / "here.jpg")
    make_photo(pictures / "new.jpg", seed=3)
    with Library.open(home) as library:
        observer = observe(library)
        library.start()
        observer.wait_for_names("here.jpg", "new.jpg")


def test_a_drive_that_comes_back_is_noticed(watching, pictures, make_photo):
    away = pictures.rename(pictures.with_name("away"))
    watching.wait_for(lambda: watching.library.counts().offline == 1)
    assert watching.names() == {"first.jpg"}
    make_photo(away / "added.jpg", seed=30)
    away.rename(pictures)
    watching.wait_for_names("first.jpg", "added.jpg")
    make_photo(pictures / "later.jpg", seed=31)
    watching.wait_for_names("first.jpg", "added.jpg", "later.jpg")


def test_a_paused_library_waits_and_goes_on(watching, pictures, make_photo):
    library = watching.library
    library.pause()
    assert library.progress.phase is Phase.PAUSED
    make_photo(pictures / "later.jpg", seed=9)
    assert library.search(Query()).hits
    assert "later.jpg" not in watching.names()
    library.resume()
    watching.wait_for_names("first.jpg", "later.jpg")


def test_a_folder_is_added_and_removed_while_running(watching, pictures, make_photo):
    other = pictures.with_name("Other")
    make_photo(other / "other.jpg", seed=20)
    folder = watching.library.add_folder(other)
    watching.wait_for_names("first.jpg", "other.jpg")
    watching.library.remove_folder(folder.id)
    watching.wait_for_names("first.jpg")
    make_photo(other / "unseen.jpg", seed=21)
    make_photo(pictures / "seen.jpg", seed=22)
    watching.wait_for_names("first.jpg", "seen.jpg")


def test_searching_works_while_indexing_runs(watching, pictures, make_photo):
    answers: list[int] = []

    def on_event(_event: Event) -> None:
        if watching.library.progress.phase is Phase.INDEXING and len(answers) < 5:
            answers.append(len(watching.library.search_async(Query(text="noise")).result(10).hits))

    watching.library.subscribe(on_event)
    for number in range(60):
        make_photo(pictures / f"{number}.jpg", seed=200 + number)
    watching.wait_for(lambda: len(watching.names()) == 61 and watching.is_idle())
    assert answers
