"""A sweep: what it records and forgets, and what it does when a drive goes away meanwhile."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.indexing.sweep import sweep
from engine.records import Folder, FolderState
from engine.store import folders
from engine.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "keepsight.db")) as opened:
        yield opened


Mount = Callable[[Path, int | None], None]


def watched(database: Database) -> Folder:
    (folder,) = folders.all_folders(database.reading())
    return folder


@pytest.fixture
def folder(database: Database, pictures: Path) -> Folder:
    with database.writing() as connection:
        folders.add(connection, pictures)
    return watched(database)


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def known(database: Database, *, state: str = "%") -> set[str]:
    rows = database.reading().execute("SELECT relative FROM files WHERE state LIKE ?", (state,))
    return {os.fsdecode(row[0]) for row in rows}


@pytest.mark.parametrize("paths", [[Path()], [Path("deep")]])
def test_a_drive_unplugged_amid_a_sweep_keeps_its_files(
    database: Database, folder: Folder, paths: list[Path]
) -> None:
    write(folder.path, *(f"deep/{number}.jpg" for number in range(600)))
    for _ in sweep(database, folder, [Path()]):
        pass
    steps = sweep(database, watched(database), paths)
    next(steps)
    folder.path.rename(folder.path.with_name("unplugged"))
    for _ in steps:
        pass
    assert len(known(database)) == 600
    assert watched(database).state is FolderState.OFFLINE


def test_a_drive_unplugged_amid_its_first_sweep_keeps_what_was_seen(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder.path, *(f"{number}.jpg" for number in range(600)))
    monkeypatch.setattr(folders, "device", lambda *_: -1)  # where it was mounted is empty
    steps = sweep(database, folder, [Path()])
    seen = next(steps)
    folder.path.rename(folder.path.with_name("unplugged"))
    folder.path.mkdir()
    for _ in steps:
        pass
    assert len(known(database)) == seen
    assert watched(database).state is FolderState.OFFLINE


def test_only_what_is_missing_at_or_under_the_paths_is_forgotten(
    database: Database, folder: Folder
) -> None:
    names = ["!.jpg", "a", "a-b", "a.jpg", "b/a", "b/c/d", "b-c", "b.jpg", "b0", "ü.jpg"]
    write(folder.path, *names)
    for _ in sweep(database, folder, [Path()]):
        pass
    for name in names:
        (folder.path / name).unlink()
    write(folder.path, "b/new")
    for _ in sweep(database, watched(database), [Path("a"), Path("b")]):
        pass
    assert known(database) == {*names, "b/new"} - {"a", "b/a", "b/c/d"}
    for _ in sweep(database, watched(database), [Path()]):
        pass
    assert known(database) == {"b/new"}


def test_files_are_paired_beside_and_under_what_changed(database: Database, folder: Folder) -> None:
    write(folder.path, "b.jpg", "b.dng", "sub/c.jpg")
    for _ in sweep(database, folder, [Path()]):
        pass
    assert known(database, state="companion") == {"b.dng"}
    write(
        folder.path, "a.jpg", "a.dng", "sub/c.dng", "new/d.jpg", "new/deep/e.jpg", "new/deep/e.dng"
    )
    changed = [Path("a.dng"), Path("a.jpg"), Path("sub/c.dng"), Path("new")]
    for _ in sweep(database, watched(database), changed):
        pass
    paired = {"a.dng", "b.dng", "sub/c.dng", "new/deep/e.dng"}
    assert known(database, state="companion") == paired
    (folder.path / "b.jpg").unlink()
    for _ in sweep(database, watched(database), [Path("b.jpg")]):
        pass
    assert known(database, state="companion") == paired - {"b.dng"}


def swept(database: Database, *paths: str) -> set[str]:
    for _ in sweep(database, watched(database), [Path(path) for path in paths or ("",)]):
        pass
    return known(database)


@pytest.mark.parametrize("left", ["an empty mount point", "a hidden file", "nothing"])
def test_a_drive_below_a_folder_keeps_its_files(
    database: Database, folder: Folder, mount: Mount, left: str
) -> None:
    write(folder.path, "here.jpg", "usb/a.jpg", "usb/deep/b.jpg")
    drive = folder.path / "usb"
    mount(drive, 77)
    everything = {"here.jpg", "usb/a.jpg", "usb/deep/b.jpg"}
    assert swept(database) == everything
    away = drive.rename(folder.path.with_name("unplugged"))
    mount(drive, None)
    if left != "nothing":
        drive.mkdir()
    if left == "a hidden file":
        write(drive, ".nobackup")
    for paths in ([""], ["usb"], ["usb/deep"], ["usb/a.jpg", "usb"]):
        assert swept(database, *paths) == everything | {"usb"}
    assert known(database, state="skipped") == {"usb"}
    assert watched(database).state is FolderState.ONLINE
    shutil.rmtree(drive, ignore_errors=True)
    away.rename(drive)
    mount(drive, 78)  # a drive that is plugged in again need not have its number again
    (drive / "a.jpg").unlink()
    assert swept(database) == everything - {"usb/a.jpg"}
    (drive / "deep" / "b.jpg").unlink()
    (drive / "deep").rmdir()
    assert swept(database) == {"here.jpg"}, "who empties a drive does not take it away"


def test_what_takes_the_place_of_a_drive_for_good_is_told_from_it(
    database: Database, folder: Folder, mount: Mount
) -> None:
    write(folder.path, "usb/a.jpg", "usb/b.jpg")
    mount(folder.path / "usb", 77)
    swept(database)
    mount(folder.path / "usb", None)
    (folder.path / "usb" / "b.jpg").unlink()
    assert swept(database) == {"usb/a.jpg"}
    shutil.rmtree(folder.path / "usb")
    assert swept(database) == set()


def test_another_drive_without_files_does_not_take_the_place_of_one(
    database: Database, folder: Folder, mount: Mount
) -> None:
    write(folder.path, "usb/a.jpg")
    mount(folder.path / "usb", 77)
    swept(database)
    (folder.path / "usb" / "a.jpg").unlink()
    mount(folder.path / "usb", 78)
    for _ in range(2):
        assert swept(database) == {"usb", "usb/a.jpg"}


def test_a_drive_that_comes_back_amid_a_sweep_keeps_its_files(
    database: Database, folder: Folder, mount: Mount
) -> None:
    write(folder.path, *(f"{number}.jpg" for number in range(600)), "usb/a.jpg")
    mount(folder.path / "usb", 77)
    everything = swept(database)
    away = (folder.path / "usb").rename(folder.path.with_name("unplugged"))
    steps = sweep(database, watched(database), [Path()])
    next(steps)
    away.rename(folder.path / "usb")
    for _ in steps:
        pass
    assert everything <= known(database)
    assert swept(database) == everything


def test_a_drive_that_is_linked_to_keeps_its_files_until_the_link_is_removed(
    database: Database, folder: Folder, mount: Mount, tmp_path: Path
) -> None:
    drive = tmp_path / "drive"
    write(drive, "a.jpg")
    mount(drive, 77)
    (folder.path / "link").symlink_to(drive, target_is_directory=True)
    assert swept(database) == {"link/a.jpg"}
    drive.rename(tmp_path / "unplugged")
    assert swept(database) == {"link", "link/a.jpg"}
    (folder.path / "link").unlink()
    assert swept(database, "link") == set()


def test_a_folder_on_a_drive_that_is_away_is_adopted_with_its_files(
    database: Database, folder: Folder, mount: Mount
) -> None:
    write(folder.path, "deep/a.jpg")
    mount(folder.path, 77)
    mount(folder.path / "deep", 78)
    swept(database)
    folder.path.rename(folder.path.with_name("unplugged"))
    mount(folder.path, None)
    with database.writing() as connection:
        parent = folders.add(connection, folder.path.parent)
        folders.adopt(connection, child=folder.id, parent=parent)
    name = folder.path.name
    assert {f"{name}/deep/a.jpg"} <= swept(database)
    assert watched(database).state is FolderState.ONLINE


def test_a_folder_that_was_added_while_its_drive_was_away_keeps_its_files(
    database: Database, folder: Folder, mount: Mount
) -> None:
    mount(folder.path, 77)
    write(folder.path, "a.jpg")
    swept(database)
    (folder.path / "a.jpg").unlink()
    mount(folder.path, None)
    assert swept(database) == {"a.jpg"}
    assert watched(database).state is FolderState.OFFLINE


@pytest.mark.parametrize("ignores_case", [True, False])
def test_a_file_whose_case_changes_is_no_second_file(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch, ignores_case: bool
) -> None:
    write(folder.path, "Foo.txt", "Sub/Ä.txt")
    swept(database)
    look = os.stat

    def stat(path: object, **options: bool) -> os.stat_result:
        if isinstance(path, int) or os.path.lexists(path):
            return look(path, **options)
        asked = Path(os.fsdecode(path))
        for each in folder.path.rglob("*"):
            if str(each).casefold() == str(asked).casefold():
                return look(each, **options)
        raise FileNotFoundError(asked)

    if ignores_case:
        monkeypatch.setattr(os, "stat", stat)
    (folder.path / "Foo.txt").rename(folder.path / "foo.txt")
    (folder.path / "Sub").rename(folder.path / "sub")
    (folder.path / "sub" / "Ä.txt").rename(folder.path / "sub" / "ä.txt")
    events = ["Foo.txt", "foo.txt", "Sub", "sub", "Sub/Ä.txt", "sub/Ä.txt", "sub/ä.txt"]
    assert swept(database, *events) == {"foo.txt", "sub/ä.txt"}


def test_names_that_differ_by_case_only_are_two_files(database: Database, folder: Folder) -> None:
    write(folder.path, "Foo.txt", "foo.txt")
    assert swept(database, "Foo.txt", "foo.txt") == {"Foo.txt", "foo.txt"}
