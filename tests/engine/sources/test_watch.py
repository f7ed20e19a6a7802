"""What the watcher reports, by itself: settled paths, in few batches, and nothing else."""

import errno
import itertools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.paths import Home
from engine.records import Folder, FolderId, FolderState
from engine.sources import settling, watch
from engine.sources.watch import Changes, Watcher

PATIENCE_S = 30


class Reports:
    """Keeps what a watcher reports, and waits for it."""

    def __init__(self) -> None:
        self.batches: list[Changes] = []
        self._arrived = threading.Condition()

    def __call__(self, changes: Changes) -> None:
        with self._arrived:
            self.batches.append(changes)
            self._arrived.notify_all()

    @property
    def paths(self) -> set[str]:
        return {
            path.as_posix()
            for batch in tuple(self.batches)
            for paths in batch.values()
            for path in paths
        }

    def wait_for(self, *paths: str) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: set(paths) <= self.paths, PATIENCE_S), self.paths


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def folder(pictures: Path) -> Folder:
    return Folder(FolderId(7), pictures, FolderState.ONLINE, files=0, indexed=0, skipped=0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch) -> None:
    monkeypatch.setattr(settling, "SETTLE_S", 0.3)
    monkeypatch.setattr(watch, "POLL_S", 0.3)


@pytest.fixture
def watcher(reports: Reports, folder: Folder) -> Iterator[Watcher]:
    watcher = Watcher(reports)
    watcher.start()
    assert watcher.add(folder) is None
    yield watcher
    watcher.stop()


def test_new_moved_and_deleted_paths_are_reported_below_their_folder(
    watcher, reports, pictures
) -> None:
    (pictures / "a.txt").write_text("a")
    reports.wait_for("a.txt")
    (pictures / "a.txt").rename(pictures / "b.txt")
    reports.wait_for("b.txt")
    (pictures / "b.txt").unlink()
    (pictures / "sub").mkdir()
    reports.wait_for("sub")
    assert {folder_id for batch in reports.batches for folder_id in batch} == {FolderId(7)}


def test_a_burst_is_few_batches(watcher, reports, pictures) -> None:
    names = [f"{number}.txt" for number in range(60)]
    for name in names:
        (pictures / name).write_text(name)
    reports.wait_for(*names)
    assert len(reports.batches) <= 5


def test_what_still_grows_is_held_back(watcher, reports, pictures, monkeypatch) -> None:
    looked = threading.Event()
    signature = settling.signature

    def look(path: Path) -> tuple[int, int] | None:
        if path.name == "growing.bin" and path.exists():
            looked.set()
        return signature(path)

    monkeypatch.setattr(settling, "signature", look)
    with (pictures / "growing.bin").open("wb") as file:
        for _ in range(4):
            file.write(b"x" * 1000)
            file.flush()
            looked.clear()
            # Each part is seen by the watcher before the next one is written.
            assert looked.wait(PATIENCE_S)
            assert "growing.bin" not in reports.paths
    reports.wait_for("growing.bin")
    assert (pictures / "growing.bin").stat().st_size == 4000


def test_ignored_folders_are_not_reported(watcher, reports, pictures) -> None:
    for name in (".git", "node_modules"):
        (pictures / name).mkdir()
        (pictures / name / "a.txt").write_text("a")
    (pictures / "seen.txt").write_text("a")
    reports.wait_for("seen.txt")
    assert not {path for path in reports.paths if path.endswith("/a.txt")}


def test_what_a_library_writes_into_its_own_folders_is_not_reported(
    watcher, reports, pictures
) -> None:
    home = Home.at(pictures / "keepsight").create()
    home.vectors.mkdir()
    (home.vectors / "own.json").write_text("{}")
    (pictures / "first.txt").write_text("a")
    reports.wait_for("first.txt")
    (home.vectors / "own.json").write_text("[]")
    (pictures / "last.txt").write_text("a")
    reports.wait_for("last.txt")
    assert not {path for path in reports.paths if path.startswith("keepsight/")}


def test_too_many_paths_become_the_whole_folder(watcher, reports, pictures, monkeypatch) -> None:
    monkeypatch.setattr(settling, "MANY_PATHS", 5)
    for number in range(20):
        (pictures / f"{number}.txt").write_text("x")
    reports.wait_for(".")


def test_a_folder_that_comes_back_is_reported_and_watched(watcher, reports, pictures) -> None:
    away = pictures.rename(pictures.with_name("away"))
    reports.wait_for(".")
    reports.batches.clear()
    away.rename(pictures)
    reports.wait_for(".")
    (pictures / "later.txt").write_text("x")
    reports.wait_for("later.txt")


def test_a_folder_in_the_place_of_another_is_reported_and_watched(
    watcher, reports, pictures
) -> None:
    (pictures.with_name("new") / "sub").mkdir(parents=True)
    pictures.rename(pictures.with_name("away"))
    pictures.with_name("new").rename(pictures)
    reports.wait_for(".")
    reports.batches.clear()
    (pictures / "sub" / "later.txt").write_text("x")
    reports.wait_for("sub/later.txt")


def test_a_drive_that_is_another_at_every_look_is_not_swept_for_ever(
    watcher, reports, pictures, tmp_path, monkeypatch
) -> None:
    looks = itertools.count()
    enough = threading.Event()

    def invent(_folder: Folder) -> tuple[int, int]:
        if next(looks) > 20:
            enough.set()
        return 1, next(looks)

    monkeypatch.setattr(watch, "_identity", invent)
    monkeypatch.setattr(watch, "POLL_S", 0.01)
    monkeypatch.setattr(watch, "TICK_S", 0.01)
    assert enough.wait(PATIENCE_S)
    (pictures / "new.txt").write_text("x")
    reports.wait_for("new.txt")
    assert reports.paths == {"new.txt"}


def test_a_folder_is_reported_as_a_whole_from_time_to_time(watcher, reports, monkeypatch) -> None:
    monkeypatch.setattr(watch, "SWEEP_EVERY_S", 0.5)
    reports.wait_for(".")
    reports.batches.clear()
    reports.wait_for(".")


@pytest.mark.parametrize("dies_later", [False, True])
def test_a_network_drive_that_has_died_is_not_there(
    reports, folder, pictures, tmp_path, monkeypatch, dies_later
) -> None:
    dead = threading.Event()
    look = os.stat

    def refuse(path: Path | str, **options: bool) -> os.stat_result:
        if dead.is_set() and Path(os.fsdecode(path)) == pictures:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return look(path, **options)

    monkeypatch.setattr(os, "stat", refuse)
    if not dies_later:
        dead.set()
    watcher = Watcher(reports)
    watcher.start()
    assert watcher.add(folder) is None
    dead.set()
    other = tmp_path / "other"
    other.mkdir()
    watcher.add(Folder(FolderId(8), other, FolderState.ONLINE, files=0, indexed=0, skipped=0))
    (other / "alive.txt").write_text("a")
    reports.wait_for("alive.txt", *(["."] if dies_later else []))
    reports.batches.clear()
    dead.clear()
    reports.wait_for(".")
    watcher.stop()


def test_a_removed_folder_is_silent(watcher, reports, pictures, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    watcher.add(Folder(FolderId(8), other, FolderState.ONLINE, files=0, indexed=0, skipped=0))
    watcher.remove(FolderId(7))
    (pictures / "unseen.txt").write_text("x")
    (other / "seen.txt").write_text("x")
    reports.wait_for("seen.txt")
    assert "unseen.txt" not in reports.paths


def test_a_folder_that_is_not_there_is_no_error(watcher, tmp_path) -> None:
    gone = Folder(FolderId(9), tmp_path / "gone", FolderState.OFFLINE, 0, 0, 0)
    assert watcher.add(gone) is None
    watcher.remove(FolderId(9))


def test_a_watcher_that_never_started_stops() -> None:
    Watcher(lambda _changes: None).stop()


def test_where_the_system_allows_no_more_watching_the_reason_is_told(
    reports, folder, monkeypatch
) -> None:
    def refused() -> None:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(watch, "Observer", refused)
    watcher = Watcher(reports)
    watcher.start()
    assert "instance limit reached" in (watcher.add(folder) or "")
    watcher.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts them")
def test_a_watcher_that_was_never_started_takes_nothing_of_the_system(reports) -> None:
    def instances() -> int:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum(link.is_symlink() and "inotify" in str(link.readlink()) for link in links)

    before = instances()
    watchers = [Watcher(reports) for _ in range(3)]
    assert instances() == before
    for watcher in watchers:
        watcher.stop()
