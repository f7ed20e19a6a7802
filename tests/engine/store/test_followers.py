"""Which files are looked at for what follows what: those of folders where something may."""

from collections.abc import Collection
from pathlib import Path

import pytest

from engine.records import FoundFile
from engine.store import files, folders, followers
from engine.store.database import Database

NAMES = [
    *("a.dng", "a.jpg", "b", "b-c.txt", "b.txt", "b0.txt", "plain/a.txt", "plain/b.jpg"),
    *("b/a.NEF", "b/a.txt", "b/deep/x.txt", "b/deep/er/x.mov", "b/deep/er/y.mov", "bb/z.xmp"),
]


@pytest.mark.parametrize(
    "paths, found",
    [
        (["."], {".", "b", "b/deep/er", "bb"}),
        (["a.jpg"], {"."}),
        (["plain"], {"."}),
        (["plain/a.txt", "plain/b.jpg"], set()),
        (["b"], {".", "b", "b/deep/er"}),
        (["b/deep"], {"b", "b/deep/er"}),
        (["gone/away.jpg"], set()),
    ],
)
def test_files_are_told_by_folders_with_their_neighbours(
    database: Database, pictures: Path, paths: Collection[str], found: set[str]
) -> None:
    with database.writing() as connection:
        folder = folders.add(connection, pictures)
        files.begin_sweep(connection)
        files.register(
            connection, [FoundFile(folder, pictures, Path(name), 1, 1) for name in NAMES]
        )
        told = followers.around(
            connection, folder, [Path(path) for path in paths], (".dng", ".nef", ".mov", ".xmp")
        )
        by_folder = {parent: {file.name for file in here} for parent, here in told}
    assert by_folder == {
        Path(parent): {Path(name).name for name in NAMES if Path(name).parent == Path(parent)}
        for parent in found
    }
