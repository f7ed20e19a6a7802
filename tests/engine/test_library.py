"""What a library promises: nothing read twice, nothing lost, nothing doubled."""

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import FolderError, KeepsightError, LibraryBusyError
from engine.events import Event, LibraryChanged
from engine.library import Library
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.readings import Kind, SkipReason
from engine.records import FolderState
from engine.search_records import Query


def index(library: Library, *folders: Path) -> tuple[int, int]:
    """Indexes; returns how many files were worked on and how many of them skipped."""
    progress = library.progress
    for progress in library.index(folders):  # noqa: B007 - the last one counts
        pass
    return progress.done, progress.skipped


def rows(home: Home, table: str) -> int:
    with closing(sqlite3.connect(home.database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def names(library: Library, **asked: object) -> list[str]:
    return sorted(hit.path.name for hit in library.search(Query(limit=1000, **asked)).hits)


def fill(folder: Path, make_photo, count: int = 6) -> None:
    for number in range(count):
        make_photo(folder / f"p{number}.jpg", seed=number)
    (folder / "contract.txt").write_text("The tenant pays a deposit of three months' rent.")
    (folder / "diary.md").write_text("# Beijing\n\nWe walked to the temple. 我们去了北京。")


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch):
    """From now on, reading a file fails the test."""

    def arm() -> None:
        def refuse(_pool: ReaderPool, path: Path, *_: object) -> None:
            raise AssertionError(f"{path} was read")

        monkeypatch.setattr(ReaderPool, "submit_read", refuse)

    return arm


def test_an_unchanged_folder_is_not_read_again(library, home, pictures, make_photo, no_reading):
    fill(pictures, make_photo)
    assert index(library, pictures) == (8, 0)
    no_reading()
    assert index(library, pictures) == (0, 0)


def test_moved_renamed_and_copied_files_are_never_read_again(
    library, home, pictures, make_photo, no_reading
):
    fill(pictures, make_photo)
    index(library, pictures)
    embeddings = rows(home, "embeddings")
    no_reading()
    (pictures / "sub").mkdir()
    (pictures / "p0.jpg").rename(pictures / "sub" / "moved.jpg")
    (pictures / "p1.jpg").rename(pictures / "renamed.jpg")
    shutil.copy(pictures / "p2.jpg", pictures / "copy.jpg")
    (pictures / "contract.txt").rename(pictures / "sub" / "vertrag.txt")
    (pictures / "sub").rename(pictures / "other")
    os.utime(pictures / "p3.jpg", (1, 1))
    assert index(library, pictures) == (5, 0)
    assert rows(home, "embeddings") == embeddings
    found = names(library)
    assert {"moved.jpg", "renamed.jpg", "vertrag.txt"} <= set(found)
    assert not {"p0.jpg", "p1.jpg", "contract.txt"} & set(found)
    assert {hit.copies for hit in library.search(Query()).hits} == {0, 1}


def test_a_file_that_comes_back_is_not_read_again(library, pictures, make_photo, no_reading):
    photo = make_photo(pictures / "a.jpg")
    index(library, pictures)
    photo.rename(pictures.parent / "a.jpg")
    index(library, pictures)
    assert names(library) == []
    no_reading()
    (pictures.parent / "a.jpg").rename(photo)
    index(library, pictures)
    assert names(library) == ["a.jpg"]


def test_copies_found_together_are_read_once(library, home, pictures, make_photo):
    for number in range(5):
        make_photo(pictures / f"{number}.png", seed=1)
    index(library, pictures)
    assert library.counts().indexed == 5
    assert rows(home, "contents") == rows(home, "segments") == rows(home, "embeddings") == 1


def test_deleted_and_changed_files_are_noticed(library, pictures, make_photo):
    fill(pictures, make_photo, 2)
    index(library, pictures)
    (pictures / "p0.jpg").unlink()
    (pictures / "diary.md").write_text("A lighthouse on a cliff above the sea.")
    index(library, pictures)
    assert names(library) == ["contract.txt", "diary.md", "p1.jpg"]
    assert names(library, text='"lighthouse"') == ["diary.md"]
    assert names(library, text='"temple"') == []


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_interrupted_run_goes_on_where_it_stopped(home, pictures, make_photo, steps):
    fill(pictures, make_photo, 40)
    with Library.open(home) as library:
        for _, _ in zip(range(steps), library.index([pictures]), strict=False):
            pass
    with Library.open(home) as library:
        index(library, pictures)
        counts = library.counts()
        assert (counts.files, counts.indexed, counts.waiting) == (42, 42, 0)
        assert len(names(library)) == 42
    assert rows(home, "embeddings") == rows(home, "segments")


def bad_files(folder: Path, make_photo) -> dict[str, SkipReason]:
    (folder / "empty.jpg").touch()
    (folder / "letter.png").write_text("no photo")
    cut = make_photo(folder / "cut.jpg", seed=50, size=(500, 500))
    cut.write_bytes(cut.read_bytes()[:3000])
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "blank.txt").write_text("\n\n")
    (folder / "song.mp3").write_bytes(b"ID3")
    return {
        "empty.jpg": SkipReason.EMPTY,
        "letter.png": SkipReason.WRONG_TYPE,
        "cut.jpg": SkipReason.CORRUPT,
        "binary.txt": SkipReason.WRONG_TYPE,
        "blank.txt": SkipReason.NO_TEXT,
        "song.mp3": SkipReason.UNSUPPORTED,
    }


def test_every_file_is_accounted_for(library, pictures, make_photo):
    fill(pictures, make_photo)
    expected = bad_files(pictures, make_photo)
    index(library, pictures)
    assert {skip.path.name: skip.reason for skip in library.skips()} == expected
    assert all(skip.detail for skip in library.skips())
    counts = library.counts()
    assert counts.files == counts.indexed + counts.skipped == 8 + len(expected)


def test_a_skipped_file_is_indexed_once_it_is_whole(library, pictures, make_photo):
    bad_files(pictures, make_photo)
    index(library, pictures)
    make_photo(pictures / "cut.jpg", seed=50)
    index(library, pictures)
    assert "cut.jpg" in names(library)
    assert "cut.jpg" not in {skip.path.name for skip in library.skips()}


def test_a_folder_that_cannot_be_listed_is_told_and_keeps_its_files(
    library, pictures, make_photo, monkeypatch
):
    make_photo(pictures / "closed" / "a.jpg")
    index(library, pictures)
    listing = os.scandir

    def refuse(path: object):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    index(library, pictures)
    assert names(library) == ["a.jpg"]
    assert [skip.reason for skip in library.skips()] == [SkipReason.UNREADABLE]
    monkeypatch.undo()
    index(library, pictures)
    assert library.skips() == []


def test_a_file_that_cannot_be_opened_keeps_what_is_known_of_it(
    library, pictures, make_photo, monkeypatch
):
    path = make_photo(pictures / "a.jpg")
    index(library, pictures)
    os.utime(path, (1, 1))
    opening = os.open

    def refuse(asked: object, *arguments: int, **options: int) -> int:
        if asked == path:
            raise PermissionError(13, "Permission denied", str(path))
        return opening(asked, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    index(library, pictures)
    assert [skip.reason for skip in library.skips()] == [SkipReason.UNREADABLE]
    assert names(library) == ["a.jpg"]
    monkeypatch.undo()
    index(library, pictures)
    assert (library.skips(), names(library)) == ([], ["a.jpg"])


def test_a_drive_that_goes_away_keeps_its_results(library, pictures, make_photo):
    fill(pictures, make_photo)
    index(library, pictures)
    away = pictures.rename(pictures.with_name("away"))
    library._indexer.request_everything()
    for _ in library._indexer.run_until_done():
        pass
    assert library.folders()[0].state is FolderState.OFFLINE
    assert library.counts().offline == 8
    hits = library.search(Query(limit=100)).hits
    assert len(hits) == 8
    assert not any(hit.online for hit in hits)
    away.rename(pictures)
    assert index(library, pictures) == (0, 0)
    assert library.folders()[0].state is FolderState.ONLINE


def test_forgetting_a_folder_leaves_no_trace(library, home, pictures, make_photo):
    fill(pictures, make_photo)
    other = pictures.with_name("Other")
    make_photo(other / "kept.jpg", seed=99)
    index(library, pictures, other)
    hit = next(
        h
        for h in library.search(Query(kind=Kind.PHOTO, limit=100)).hits
        if h.path.parent == pictures
    )
    assert library.thumbnail_async(hit, 100).result(timeout=60)
    library._models.publish()
    (home.vectors / "another-model.usearch").write_bytes(b"vectors")
    ours = _vectors(home, str(pictures))
    kept = _vectors(home, str(other))
    assert all(vector in _written(home) for vector in ours + kept)
    assert b"deposit" in home.database.read_bytes() + _log(home)
    folder = next(folder for folder in library.folders() if folder.path == pictures)
    library.remove_folder(folder.id)
    assert names(library) == ["kept.jpg"]
    assert (rows(home, "contents"), rows(home, "embeddings")) == (1, 1)
    assert len(library._models.active.vectors.pictures) == 1
    assert len(library._models.active.vectors.texts) == 0
    assert not list(home.thumbnails.rglob("*.jpg"))
    # A single word: full text keeps no phrases.
    assert b"deposit" not in home.database.read_bytes() + _log(home)
    assert [vector in _written(home) for vector in ours + kept] == [False] * len(ours) + [True]
    assert not (home.vectors / "another-model.usearch").exists()
    assert (pictures / "p0.jpg").exists()


def test_a_folder_is_forgotten_though_the_database_cannot_be_rewritten(
    library, pictures, make_photo
):
    fill(pictures, make_photo)
    index(library, pictures)
    heard: list[Event] = []
    library.subscribe(heard.append)
    (folder,) = library.folders()
    # A statement that is not finished: as with a full disk, SQLite refuses to VACUUM.
    unfinished = library._database._writer.execute("SELECT name FROM sqlite_schema")
    unfinished.fetchone()
    library.remove_folder(folder.id)
    unfinished.close()
    assert any(isinstance(event, LibraryChanged) for event in heard)
    assert (library.folders(), names(library)) == ([], [])


def _vectors(home: Home, folder: str) -> list[bytes]:
    with closing(sqlite3.connect(home.database)) as connection:
        rows = connection.execute(
            "SELECT vector FROM embeddings JOIN segments ON segments.id = segment_id "
            "JOIN files USING (content_id) JOIN folders ON folders.id = folder_id "
            "WHERE path = CAST(? AS BLOB)",
            (folder,),
        )
        return [vector for (vector,) in rows]


def _written(home: Home) -> bytes:
    return b"".join(file.read_bytes() for file in home.vectors.glob("*"))


def _log(home: Home) -> bytes:
    log = home.database.with_name(home.database.name + "-wal")
    return log.read_bytes() if log.exists() else b""


def test_a_folder_inside_a_watched_one_is_refused(library, pictures):
    (pictures / "inner").mkdir()
    library.add_folder(pictures)
    with pytest.raises(FolderError, match="already part"):
        library.add_folder(pictures / "inner")


def test_a_folder_around_watched_ones_takes_them_over(
    library, home, pictures, make_photo, no_reading
):
    fill(pictures / "inner", make_photo)
    index(library, pictures / "inner")
    no_reading()
    index(library, pictures)
    assert [folder.path for folder in library.folders()] == [pictures]
    assert len(names(library)) == library.counts().indexed == 8


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_what_is_no_folder_is_refused(library, pictures, kind):
    path = pictures / "x"
    if kind == "file":
        path.touch()
    with pytest.raises(FolderError):
        library.add_folder(path)


def test_two_processes_never_index_one_library(home, pictures, make_photo):
    fill(pictures, make_photo, 1)
    with Library.open(home) as first, Library.open(home) as second:
        index(first, pictures)
        with pytest.raises(LibraryBusyError, match="Another Keepsight"):
            index(second, pictures)
        assert len(names(second)) == 3


def test_what_another_process_has_indexed_is_found_by_meaning_once_it_ends(
    home, pictures, make_photo
):
    fill(pictures, make_photo, 1)
    with Library.open(home) as first, Library.open(home) as second:
        index(first, pictures)
        with pytest.raises(LibraryBusyError):
            index(second, pictures)
        first.close()
        index(second, pictures)
        hits = second.search(Query(picture=pictures / "p0.jpg")).hits
        assert len(hits) == len(names(second)) == 3


def test_hidden_files_caches_and_loops_are_left_out(library, pictures, make_photo):
    make_photo(pictures / "seen.jpg")
    for name in (".hidden.jpg", "._seen.jpg", "node_modules/a.jpg", ".git/b.jpg", "@eaDir/c.jpg"):
        make_photo(pictures / name, seed=5)
    for name in (".Trash-1000/d.jpg", "$RECYCLE.BIN/e.jpg", "Caches/f.jpg", "__MACOSX/g.jpg"):
        make_photo(pictures / name, seed=6)
    (pictures / "loop").symlink_to(pictures, target_is_directory=True)
    (pictures / "self.jpg").symlink_to(pictures / "self.jpg")
    (pictures / "nowhere.jpg").symlink_to(pictures / "missing.jpg")
    index(library, pictures)
    assert names(library) == ["seen.jpg"]
    assert library.counts().files == 1


def test_names_of_any_script_and_of_none_come_back_as_they_are(library, pictures, make_photo):
    written = ["café.jpg", "北京 2024.jpg", "Ελλάδα.jpg", "👩‍🚀.jpg", os.fsdecode(b"\xff\xfe.jpg")]
    for number, name in enumerate(written):
        make_photo(pictures / name, seed=number)
    index(library, pictures)
    assert names(library) == sorted(written)
    assert all(hit.path.exists() for hit in library.search(Query()).hits)


def test_files_that_vanish_meanwhile_are_told(library, pictures, make_photo, monkeypatch):
    fill(pictures, make_photo, 3)
    sweep_done = library._pipeline.read_waiting

    def vanish_first(*until: object):
        (pictures / "p1.jpg").unlink()
        yield from sweep_done(*until)

    monkeypatch.setattr(library._pipeline, "read_waiting", vanish_first)
    index(library, pictures)
    assert [skip.reason for skip in library.skips()] == [SkipReason.VANISHED]
    assert len(names(library)) == 4


def test_readers_that_do_not_start_are_nobodys_fault(library, pictures, make_photo, monkeypatch):
    fill(pictures, make_photo, 2)
    broken = ReaderPool()
    monkeypatch.setattr("engine.readers.worker.work", _fail_to_start)
    monkeypatch.setattr(library._pipeline, "_readers", broken)
    with pytest.raises(KeepsightError, match="cannot be read"):
        index(library, pictures)
    broken.close()
    assert library.skips() == []
    assert library.counts().waiting == 4


def _fail_to_start(*_: object) -> None:
    os._exit(1)


def test_deleting_the_usearch_files_loses_nothing(home, pictures, make_photo):
    fill(pictures, make_photo)
    with Library.open(home) as library:
        index(library, pictures)
        before = ranking(library, pictures)
    assert list(home.vectors.glob("*.usearch"))
    shutil.rmtree(home.vectors)
    with Library.open(home) as library:
        assert ranking(library, pictures) == before


def ranking(library: Library, pictures: Path) -> Sequence[tuple[str, float]]:
    hits = library.search(Query(picture=pictures / "p1.jpg", limit=20)).hits
    return [(hit.path.name, hit.score) for hit in hits]
