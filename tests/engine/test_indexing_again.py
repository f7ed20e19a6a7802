"""Indexing a library again: retries, parts of folders, interruptions, dates of no sense."""

import errno
import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from engine.events import Event, Phase
from engine.indexing import pipeline
from engine.library import Library
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.readings import ReadFailure, SkipReason
from engine.search_records import Query


def index(library: Library, *folders: Path) -> tuple[int, int]:
    progress = library.progress
    for progress in library.index(folders):  # noqa: B007 - the last one counts
        pass
    return progress.done, progress.skipped


def names(library: Library, text: str = "") -> list[str]:
    return sorted(hit.path.name for hit in library.search(Query(text=text, limit=1000)).hits)


@pytest.fixture
def failing_reads(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names of files whose reading is said to fail, for as long as they are in the set."""
    failing: set[str] = set()
    submit = ReaderPool.submit_read

    def submit_read(pool: ReaderPool, path: Path, *how: object):
        outcome = submit(pool, path, *how)
        if path.name not in failing:
            return outcome
        outcome.result()
        failed = type(outcome)()
        failed.set_result(ReadFailure(SkipReason.TIMED_OUT, "It took too long."))
        return failed

    monkeypatch.setattr(ReaderPool, "submit_read", submit_read)
    return failing


def test_a_retry_reads_what_was_skipped_and_counts_the_attempts(
    library, pictures, make_photo, failing_reads
) -> None:
    make_photo(pictures / "good.jpg", seed=1)
    make_photo(pictures / "slow.jpg", seed=2)
    (pictures / "song.mp3").write_bytes(b"ID3")
    failing_reads.add("slow.jpg")
    assert index(library, pictures) == (3, 2)
    assert index(library, pictures) == (0, 0)  # nothing is tried again by itself
    library.retry()
    assert index(library, pictures) == (1, 1)
    attempts = {skip.path.name: skip.attempts for skip in library.skips()}
    assert attempts == {"slow.jpg": 2, "song.mp3": 1}
    failing_reads.clear()
    library.retry()
    assert index(library, pictures) == (1, 0)
    assert [skip.path.name for skip in library.skips()] == ["song.mp3"]
    assert names(library) == ["good.jpg", "slow.jpg"]


def test_a_folder_that_cannot_be_opened_is_no_empty_file(
    library, pictures, make_photo, monkeypatch
) -> None:
    closed = make_photo(pictures / "closed" / "a.jpg", seed=1).parent
    other = make_photo(pictures.with_name("Other") / "b.jpg", seed=2).parent
    index(library, pictures, other)
    listing = os.scandir

    def refuse(path: Path):
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied")
        return listing(path)

    with monkeypatch.context() as shut:
        shut.setattr(os, "scandir", refuse)
        index(library, pictures)
        index(library, other)
        (skip,) = library.skips()
        assert (skip.path, skip.reason) == (closed, SkipReason.UNREADABLE)
        assert names(library) == ["a.jpg", "b.jpg"]
        library.retry()
        index(library, other)
        assert [skip.reason for skip in library.skips()] == [SkipReason.UNREADABLE]
    index(library, pictures)
    assert (library.skips(), names(library)) == ([], ["a.jpg", "b.jpg"])


def test_a_part_of_a_watched_folder_is_brought_up_to_date_alone(
    library, pictures, make_photo
) -> None:
    make_photo(pictures / "a" / "one.jpg", seed=1)
    make_photo(pictures / "b" / "two.jpg", seed=2)
    index(library, pictures)
    make_photo(pictures / "a" / "three.jpg", seed=3)
    make_photo(pictures / "b" / "four.jpg", seed=4)
    (pictures / "a" / "one.jpg").unlink()
    (pictures / "b" / "two.jpg").unlink()
    assert index(library, pictures / "a") == (1, 0)
    assert names(library) == ["three.jpg", "two.jpg"]
    assert [folder.path for folder in library.folders()] == [pictures]
    index(library, pictures)
    assert names(library) == ["four.jpg", "three.jpg"]


def test_names_that_begin_alike_are_not_taken_for_one_folder(library, pictures, make_photo) -> None:
    for number, name in enumerate(["a", "a-b", "a.b", "a0", "ab"]):
        make_photo(pictures / name / f"{name}.jpg", seed=number)
    index(library, pictures)
    (pictures / "a" / "a.jpg").unlink()
    index(library, pictures / "a")
    assert names(library) == ["a-b.jpg", "a.b.jpg", "a0.jpg", "ab.jpg"]


def test_a_file_from_the_far_future_stops_nothing(library, pictures, make_photo) -> None:
    make_photo(pictures / "now.jpg", seed=1)
    make_photo(pictures / "then.jpg", seed=2)
    try:
        os.utime(pictures / "then.jpg", (1e10, 1e10))
    except OverflowError:
        pytest.skip("this platform has no such dates")
    assert index(library, pictures) == (2, 0)
    assert names(library) == ["now.jpg", "then.jpg"]
    assert index(library, pictures) == (0, 0)


def test_a_file_older_than_the_epoch_stops_nothing(library, pictures, make_photo) -> None:
    make_photo(pictures / "old.jpg", seed=1)
    os.utime(pictures / "old.jpg", (-86400 * 365, -86400 * 365))
    assert index(library, pictures) == (1, 0)
    assert library.search(Query()).hits[0].modified_at.year in (1968, 1969)


def test_closing_amid_indexing_loses_nothing(home: Home, pictures, make_photo) -> None:
    for number in range(40):
        make_photo(pictures / f"{number}.jpg", seed=number)
    begun = threading.Event()

    def on_event(_event: Event) -> None:
        if library.progress.phase is Phase.INDEXING and library.progress.done:
            begun.set()

    with Library.open(home) as library:
        library.subscribe(on_event)
        library.add_folder(pictures)
        library.start()
        assert begun.wait(60)
    with Library.open(home) as library:
        assert library.skips() == []
        index(library, pictures)
        assert len(names(library)) == library.counts().indexed == 40
    with closing(sqlite3.connect(home.database)) as connection:
        counted = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("contents", "segments", "embeddings")
        ]
    assert counted == [40, 40, 40]


def test_a_closed_library_stays_closed_quietly(home: Home) -> None:
    library = Library.open(home)
    library.close()
    library.close()


def test_an_unsubscribed_listener_hears_nothing_more(library, pictures, make_photo) -> None:
    heard: list[Event] = []
    unsubscribe = library.subscribe(heard.append)
    make_photo(pictures / "a.jpg")
    index(library, pictures)
    assert heard
    unsubscribe()
    heard.clear()
    make_photo(pictures / "b.jpg", seed=2)
    index(library, pictures)
    assert heard == []


def test_a_file_changed_after_it_was_hashed_lends_no_copy_its_words(
    library, pictures, monkeypatch
) -> None:
    (pictures / "diary.txt").write_text("We walked to the lighthouse.")
    hashed = pipeline.hashing.content_hash

    def hash_then_change(path: Path) -> object:
        outcome = hashed(path)
        path.write_text("Tomorrow we shall all go to the carnival instead.")
        return outcome

    monkeypatch.setattr(pipeline.hashing, "content_hash", hash_then_change)
    assert index(library, pictures) == (1, 1)
    assert [skip.reason for skip in library.skips()] == [SkipReason.CHANGING]
    monkeypatch.undo()
    (pictures / "copy.txt").write_text("We walked to the lighthouse.")
    index(library, pictures)
    assert names(library, '"lighthouse"') == ["copy.txt"]
    assert names(library, '"carnival"') == ["diary.txt"]


def test_a_photo_changed_since_it_was_indexed_is_not_embedded_as_what_it_was(
    home: Home, pictures, make_photo
) -> None:
    make_photo(pictures / "same.png", seed=1)
    make_photo(pictures / "changed.png", seed=2)
    with Library.open(home) as library:
        index(library, pictures)
    with closing(sqlite3.connect(home.database)) as connection, connection:
        connection.execute("DELETE FROM embeddings")
    make_photo(pictures / "changed.png", seed=3)
    with Library.open(home) as library:
        assert list(library._pipeline.embedder.embed_missing()) == [2]
    with closing(sqlite3.connect(home.database)) as connection:
        embedded = connection.execute(
            "SELECT relative FROM files JOIN segments USING (content_id) "
            "JOIN embeddings ON segment_id = segments.id"
        ).fetchall()
    assert embedded == [(b"same.png",)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_an_extension_in_no_encoding_stops_nothing(library, pictures, make_photo) -> None:
    make_photo(pictures / "good.jpg", seed=1)
    (pictures / os.fsdecode(b"a.\xff")).write_bytes(b"words")
    assert index(library, pictures) == (2, 1)
    assert [skip.reason for skip in library.skips()] == [SkipReason.UNSUPPORTED]
