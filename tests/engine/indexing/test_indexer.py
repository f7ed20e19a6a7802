"""The index thread: what it tells, what it survives, and when it writes to disk."""

import os
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from engine.events import Event, Failure, IndexProgress, Phase
from engine.indexing import batch
from engine.indexing.pipeline import Pipeline
from engine.library import Library
from engine.paths import Home
from engine.readers import hashing
from engine.readers.isolation import ReaderPool
from engine.search_records import Query


def run(library: Library, folder: Path) -> None:
    for _ in library.index([folder]):
        pass


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Nobody thought of this"),
        sqlite3.OperationalError("database or disk is full"),
    ],
)
def test_it_stops_where_something_goes_wrong_and_can_go_on(
    library: Library, pictures: Path, make_photo, observe, monkeypatch, error
) -> None:
    heard: list[Event] = []
    library.subscribe(heard.append)
    observer = observe(library)
    make_photo(pictures / "first.jpg", seed=1)

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Pipeline, "read_waiting", fail)
        library.add_folder(pictures)
        library.start()
        observer.wait_for(
            lambda: (
                any(isinstance(event, Failure) for event in heard)
                and library.progress.phase is Phase.STOPPED
            )
        )
        assert library.progress.total - library.progress.done == 1
    (failure,) = [event for event in heard if isinstance(event, Failure)]
    assert str(error).capitalize() in failure.message
    library.resume()
    observer.wait_for_names("first.jpg")


def test_a_pause_is_told_though_the_batch_in_hand_is_finished(
    library: Library, pictures: Path, make_photo, observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Pipeline._write
    told: list[Phase] = []

    def pause_first(pipeline: Pipeline, *what: object) -> object:
        told.clear()
        library.pause()
        return write(pipeline, *what)

    monkeypatch.setattr(Pipeline, "_write", pause_first)
    library.subscribe(
        lambda event: told.append(event.phase) if isinstance(event, IndexProgress) else None
    )
    observer = observe(library)
    make_photo(pictures / "a.jpg")
    library.add_folder(pictures)
    library.start()
    observer.wait_for(lambda: library.counts().indexed == 1 and len(told) >= 2)
    assert set(told) == {Phase.PAUSED}
    library.resume()
    observer.wait_for(observer.is_idle)


def test_one_changed_file_does_not_rewrite_the_vectors_on_disk(
    home: Home, pictures: Path, make_photo
) -> None:
    def written() -> dict[str, int]:
        return {file.name: file.stat().st_mtime_ns for file in home.vectors.iterdir()}

    make_photo(pictures / "first.jpg", seed=1)
    with Library.open(home) as library:
        run(library, pictures)
    before = written()
    make_photo(pictures / "second.jpg", seed=2)
    with Library.open(home) as library:
        run(library, pictures)
        assert written() == before
        # As after a crash: what the files lack is in SQLite.
        with Library.open(home) as other:
            nearest = other.search(Query(picture=pictures / "second.jpg", limit=1)).hits
            assert [hit.path.name for hit in nearest] == ["second.jpg"]
    assert before.keys() == written().keys()
    assert all(time > before[name] for name, time in written().items())


def test_what_happens_meanwhile_throws_no_work_away_and_comes_first(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "FILE_BATCH", 4)
    for number in range(90):
        (pictures / f"{number}.txt").write_text(f"This is note {number}.")
        os.utime(pictures / f"{number}.txt", (number, number))
    hashed, read = Counter[str](), Counter[str]()
    content_hash, submit_read = hashing.content_hash, ReaderPool.submit_read

    def count_hash(path: Path):
        hashed[path.name] += 1
        return content_hash(path)

    def count_read(pool: ReaderPool, path: Path, *how: object):
        read[path.name] += 1
        return submit_read(pool, path, *how)

    monkeypatch.setattr(hashing, "content_hash", count_hash)
    monkeypatch.setattr(ReaderPool, "submit_read", count_read)
    news = iter(range(90, 100))
    for progress in library.index([pictures]):
        if progress.phase is Phase.INDEXING and (number := next(news, None)):
            (pictures / f"{number}.txt").write_text(f"This is note {number}.")
            (folder,) = library.folders()
            library._indexer.request({folder.id: frozenset({Path(f"{number}.txt")})})
    assert library.counts().indexed == 100
    assert read == {f"{number}.txt": 1 for number in range(100)}
    assert hashed == read
    assert list(read).index("0.txt") > list(read).index("99.txt"), "the newest come first"
