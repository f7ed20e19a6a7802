"""What a transaction that fails leaves: the rest goes on, and nothing is lost."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import LibraryBusyError
from engine.library import Library
from engine.paths import Home
from engine.readers import hashing
from engine.readers.isolation import ReaderPool
from engine.readings import SkipReason
from engine.search_records import Query
from engine.store import contents, embeddings


def index(library: Library, *folders: Path) -> None:
    for _ in library.index(folders):
        pass


def names(library: Library, **asked: object) -> list[str]:
    return sorted(hit.path.name for hit in library.search(Query(limit=1000, **asked)).hits)


def test_a_commit_that_fails_harms_none_that_follows(
    library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_photo(pictures / f"{number}.jpg", seed=number)
    writer = library._database._writer
    add = embeddings.add

    def refuse_commit(action: int, what: str | None, *_: object) -> int:
        is_commit = action == sqlite3.SQLITE_TRANSACTION and what == "COMMIT"
        return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK

    def add_then_refuse(*arguments: object) -> None:
        add(*arguments)
        writer.set_authorizer(refuse_commit)

    monkeypatch.setattr(embeddings, "add", add_then_refuse)
    with pytest.raises(sqlite3.DatabaseError):
        index(library, pictures)
    monkeypatch.undo()
    writer.set_authorizer(None)
    assert library.counts().indexed == 0
    make_photo(pictures / "new.jpg", seed=9)
    index(library, pictures)
    assert library.counts().indexed == 5
    found = library.search(Query(picture=pictures / "3.jpg", limit=1)).hits
    assert [hit.path.name for hit in found] == ["3.jpg"]


def test_files_wait_while_another_process_writes(
    library: Library, home: Home, pictures: Path, make_photo
) -> None:
    make_photo(pictures / "a.jpg")
    library._database._writer.execute("PRAGMA busy_timeout = 10")
    steps = library.index([pictures])
    next(steps)  # what there is has been seen
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError, match="Wait until"):
            list(steps)
    assert (library.counts().waiting, library.skips()) == (1, [])
    index(library, pictures)
    assert names(library) == ["a.jpg"]


def test_a_file_that_cannot_be_stored_is_set_aside_and_the_rest_goes_on(
    library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_photo(pictures / f"{number}.jpg", seed=number)
    (pictures / "odd.txt").write_text("Words of an odd kind.")
    keep = contents.keep

    def refuse_odd(connection, digest, reading):
        if any("odd" in passage.text for passage in reading.passages):
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return keep(connection, digest, reading)

    monkeypatch.setattr(contents, "keep", refuse_odd)
    index(library, pictures)
    assert names(library) == ["0.jpg", "1.jpg", "2.jpg"]
    (skip,) = library.skips()
    assert (skip.path.name, skip.reason) == ("odd.txt", SkipReason.CRASHED)
    assert "OverflowError" in skip.detail
    monkeypatch.undo()
    library.retry()
    index(library, pictures)
    assert names(library, text='"odd kind"') == ["odd.txt"]


@pytest.mark.parametrize("moment", ["before it is known", "after"])
def test_a_copy_of_what_is_forgotten_meanwhile_is_read_itself(
    library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    other = pictures.with_name("Other")
    make_photo(other / "a.jpg")
    index(library, other)
    make_photo(pictures / "copy.jpg")
    (forgotten,) = library.folders()
    is_current = contents.is_current

    def forget_meanwhile(connection, content_id, versions):
        if moment == "after":
            answer = is_current(connection, content_id, versions)
            library.remove_folder(forgotten.id)
            return answer
        library.remove_folder(forgotten.id)
        return is_current(connection, content_id, versions)

    monkeypatch.setattr(contents, "is_current", forget_meanwhile)
    index(library, pictures)
    assert names(library) == ["copy.jpg"]
    assert library.counts().waiting == 0


def test_a_copy_of_what_fails_for_itself_alone_is_read_itself(
    library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("0.jpg", "1.jpg", "2.jpg")):
        copy = make_photo(pictures / "new.jpg", seed=1).rename(pictures / name)
        os.utime(copy, (number + 1, number + 1))  # the newest is read first
    submit = ReaderPool.submit_read
    asked: list[str] = []

    def submit_read(pool: ReaderPool, path: Path, *how: object):
        asked.append(path.name)
        if path.name == "2.jpg":
            path.unlink()
        return submit(pool, path, *how)

    monkeypatch.setattr(ReaderPool, "submit_read", submit_read)
    index(library, pictures)
    assert {path.name for path in library.contents_by_path()} == {"0.jpg", "1.jpg"}
    assert [skip.reason for skip in library.skips()] == [SkipReason.VANISHED]
    assert asked == ["2.jpg", "1.jpg"], "what is read is shared"


def test_files_of_a_drive_unplugged_while_they_wait_go_on_waiting(
    library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_photo(pictures / f"{number}.jpg", seed=number)
    index(library, pictures)
    for number in range(3):
        os.utime(pictures / f"{number}.jpg", (1, 1))
    away = pictures.with_name("unplugged")

    def unplug(path: Path) -> None:
        if pictures.exists():
            pictures.rename(away)
        raise FileNotFoundError(path)

    monkeypatch.setattr(hashing, "content_hash", unplug)
    index(library, pictures)
    monkeypatch.undo()
    assert names(library) == ["0.jpg", "1.jpg", "2.jpg"], "what they were is still found"
    assert (library.counts().waiting, library.skips()) == (3, [])
    away.rename(pictures)
    index(library, pictures)
    assert library.counts().indexed == 3


def test_a_photo_without_a_date_has_that_of_its_new_name(
    library: Library, pictures: Path, make_photo
) -> None:
    make_photo(pictures / "scan.png")
    index(library, pictures)
    for name, year in (("2019-07-04 scan.png", 2019), ("2018-07-04 scan.png", 2018)):
        (segment,) = library.search(Query()).hits
        segment.path.rename(pictures / name)
        index(library, pictures)
        (hit,) = library.search(Query()).hits
        assert hit.details.taken_at == datetime(year, 7, 4)
        assert hit.segment_id == segment.segment_id, "its embedding is as it was"


def test_a_name_without_a_date_takes_none_away(
    library: Library, pictures: Path, make_photo
) -> None:
    make_photo(pictures / "2019-07-04 scan.png")
    index(library, pictures)
    shutil.copy(pictures / "2019-07-04 scan.png", pictures / "scan.png")
    index(library, pictures)
    (hit,) = library.search(Query()).hits
    assert hit.details.taken_at == datetime(2019, 7, 4)


def test_a_note_is_dated_by_the_name_it_was_given_later(library: Library, pictures: Path) -> None:
    (pictures / "notes.txt").write_text("What we agreed on.")
    index(library, pictures)
    (pictures / "notes.txt").rename(pictures / "2019-07-04 notes.txt")
    index(library, pictures)
    (hit,) = library.search(Query()).hits
    assert hit.details.taken_at == datetime(2019, 7, 4)


def test_files_of_a_drive_below_a_folder_go_on_waiting_too(
    library: Library, pictures: Path, make_photo, mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_photo(pictures / "here.jpg", seed=1)
    photo = make_photo(pictures / "usb" / "a.jpg", seed=2)
    mount(photo.parent, 77)
    index(library, pictures)
    os.utime(photo, (1, 1))
    away = pictures.with_name("unplugged")

    def unplug(path: Path) -> None:
        photo.parent.rename(away)
        raise FileNotFoundError(path)

    monkeypatch.setattr(hashing, "content_hash", unplug)
    index(library, pictures)
    assert names(library) == ["a.jpg", "here.jpg"], "what it was is still found"
    assert (library.counts().waiting, library.skips()) == (1, [])
    monkeypatch.setattr(hashing, "content_hash", lambda _: pytest.fail("it is not there"))
    index(library, pictures)
    assert [skip.path for skip in library.skips()] == [photo.parent]
    monkeypatch.undo()
    away.rename(photo.parent)
    index(library, pictures)
    assert (library.counts().waiting, library.skips()) == (0, [])
