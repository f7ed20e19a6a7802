"""A reader that has improved reads again what it read, and nothing is embedded twice."""

import dataclasses
import zipfile
from pathlib import Path

import pytest

from engine.library import Library
from engine.readers import registry
from engine.readers.family import Family
from engine.search_records import Query


def index(library: Library, folder: Path) -> list[int]:
    return [progress.done for progress in library.index([folder])]


@pytest.fixture
def improved(monkeypatch: pytest.MonkeyPatch):
    """Has a reader's version raised by one."""

    def improve(name: str) -> None:
        versions = registry.versions()
        versions[name] += 1
        families = (
            dataclasses.replace(family, version=versions[family.name])
            for family in registry.FAMILIES
        )
        use(monkeypatch, *families)

    return improve


def use(monkeypatch: pytest.MonkeyPatch, *families: Family) -> None:
    monkeypatch.setattr(registry, "FAMILIES", families)
    monkeypatch.setattr(registry, "_BY_EXTENSION", {e: f for f in families for e in f.extensions})


def test_only_what_the_improved_reader_read_is_read_again(
    home, pictures: Path, make_photo, embedded, improved
) -> None:
    make_photo(pictures / "a.png")
    (pictures / "note.txt").write_text("Boats in a harbour.")
    with Library.open(home) as library:
        index(library, pictures)
        before = embedded()
        assert index(library, pictures)[-1] == 0
    improved("text")
    with Library.open(home) as library:
        assert index(library, pictures)[-1] == 1
        assert library.search(Query("boats")).hits[0].path.name == "note.txt"
    assert embedded() == before


def test_a_file_waits_for_the_reader_that_comes(
    home, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pictures / "note.txt").write_text("Boats in a harbour.")
    (pictures / "data.xyz").write_bytes(b"\1\2\3")
    others = [family for family in registry.FAMILIES if family.name != "text"]
    with monkeypatch.context() as earlier:
        use(earlier, *others)
        with Library.open(home) as library:
            index(library, pictures)
            assert {skip.reason for skip in library.skips()} == {"unsupported"}
            assert index(library, pictures)[-1] == 0
    with Library.open(home) as library:
        assert index(library, pictures)[-1] == 2
        assert library.search(Query("boats")).hits[0].path.name == "note.txt"
        assert [skip.path.name for skip in library.skips()] == ["data.xyz"]


def test_an_archive_waits_for_the_reader_of_what_is_inside(home, pictures: Path, improved) -> None:
    with zipfile.ZipFile(pictures / "a.zip", "w") as archive:
        archive.writestr("data.xyz", b"\1\2\3")
    with zipfile.ZipFile(pictures / "b.zip", "w") as archive:
        archive.writestr("note.txt", "Boats in a harbour.")
    with Library.open(home) as library:
        index(library, pictures)
        assert index(library, pictures)[-1] == 0
    improved("photo")
    with Library.open(home) as library:
        assert index(library, pictures)[-1] == 1
        assert [skip.member for skip in library.skips()] == ["data.xyz"]
