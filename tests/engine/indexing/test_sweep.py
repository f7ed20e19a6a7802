"""A sweep: what it records and forgets, and what it does when a drive goes away meanwhile."""

import os
from collections.abc import Iterator
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
