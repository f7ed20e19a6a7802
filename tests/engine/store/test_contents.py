"""How long contents are kept that lost their place: what went away for a while, what an edit
replaced not at all."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.library import Library
from engine.readers.isolation import ReaderPool
from engine.search_records import Query

LONG_AGO = "2001-01-01T00:00:00.000"


def index(library: Library, folder: Path) -> None:
    for _ in library.index([folder]):
        pass


def count(library: Library, table: str) -> int:
    row = library._database.reading().execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0])


def names(library: Library, text: str) -> set[str]:
    return {hit.path.name for hit in library.search(Query(text)).hits}


def wait_for_long(library: Library) -> None:
    with library._database.writing() as connection:
        connection.execute(
            "UPDATE contents SET orphaned_at = ? WHERE orphaned_at > ''", (LONG_AGO,)
        )


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, as they are read."""
    seen: list[str] = []
    submit = ReaderPool.submit_read

    def listen(pool: ReaderPool, path: Path, *arguments: object) -> object:
        seen.append(path.name)
        return submit(pool, path, *arguments)

    monkeypatch.setattr(ReaderPool, "submit_read", listen)
    return seen


def test_of_an_edited_file_only_the_last_version_is_kept(library: Library, pictures: Path) -> None:
    (pictures / "other.txt").write_text("The other file.")
    for edit in range(4):
        (pictures / "diary.md").write_text("\n\n".join(f"Day {n} of {edit}" for n in range(9)))
        index(library, pictures)
        assert count(library, "contents") == 2
    assert count(library, "embeddings") == count(library, "segments")
    assert len(library._models.active.vectors.texts) == count(library, "segments")
    assert names(library, '"day 8 of 3"') == {"diary.md"}
    assert names(library, '"day 8 of 2"') == set()


def test_files_that_change_places_are_not_read_again(
    library: Library, pictures: Path, read: list[str]
) -> None:
    files = [pictures / name for name in ("a.txt", "b.txt", "c.txt")]
    for age, file in enumerate(files):
        file.write_text(f"Letter {file.stem * 3}")
        os.utime(file, (age, age))
    index(library, pictures)
    read.clear()
    for file, target in zip(files, [*files[1:], files[0]], strict=True):
        file.rename(target.with_suffix(".moving"))
    for file in files:
        file.with_suffix(".moving").rename(file)
    index(library, pictures)
    assert (read, count(library, "contents")) == ([], 3)
    assert names(library, '"letter aaa"') == {"b.txt"}
    files[0].rename(files[1])  # in place of what was there
    index(library, pictures)
    assert (read, count(library, "contents")) == ([], 2)
    assert names(library, '"letter ccc"') == {"b.txt"}
    assert names(library, '"letter aaa"') == set()


def test_what_an_edit_replaces_stays_where_there_is_a_copy(
    library: Library, pictures: Path
) -> None:
    (pictures / "a.txt").write_text("The first version")
    (pictures / "copy.txt").write_text("The first version")
    index(library, pictures)
    (pictures / "a.txt").write_text("The second version")
    index(library, pictures)
    assert names(library, '"first version"') == {"copy.txt"}


def test_a_file_that_is_back_within_a_month_is_not_read_again(
    library: Library, pictures: Path, read: list[str]
) -> None:
    note = pictures / "note.txt"
    for times, is_late in ((1, False), (2, True)):
        note.write_text("A note that comes and goes")
        index(library, pictures)
        note.unlink()
        index(library, pictures)
        assert count(library, "contents") == 1
        if is_late:
            wait_for_long(library)
            index(library, pictures)
            assert count(library, "contents") == 0
            note.write_text("A note that comes and goes")
            index(library, pictures)
        assert read == ["note.txt"] * times


def test_what_was_in_an_archive_goes_with_it(
    library: Library, pictures: Path, make_photo: Callable[..., Path]
) -> None:
    make_photo(pictures / "a.png")
    with zipfile.ZipFile(pictures / "trip.zip", "w") as archive:
        archive.write(pictures / "a.png", "a.png")
        archive.writestr("b.txt", "The boat to the island")
        archive.writestr("c.txt", "The hotel by the sea")
    index(library, pictures)
    assert count(library, "contents") == 4
    with zipfile.ZipFile(pictures / "trip.zip", "w") as archive:
        archive.writestr("b.txt", "The boat to the island")
    index(library, pictures)
    assert count(library, "contents") == 3, "the photo, the archive, and what is still in it"
    (pictures / "trip.zip").unlink()
    index(library, pictures)
    assert (count(library, "contents"), names(library, '"the boat"')) == (3, set())
    wait_for_long(library)
    index(library, pictures)
    assert count(library, "contents") == 1
    assert len(library._models.active.vectors.texts) == 0
