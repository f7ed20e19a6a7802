"""A reader that has improved reads again what it read, and nothing is embedded twice."""

import dataclasses
from pathlib import Path

import pytest

from engine.library import Library
from engine.readers import registry
from engine.records import Query


def index(library: Library, folder: Path) -> list[int]:
    return [progress.done for progress in library.index([folder])]


@pytest.fixture
def improved(monkeypatch: pytest.MonkeyPatch):
    """Has a reader's version raised by one, in this process and in the readers' own."""

    def improve(name: str) -> None:
        versions = registry.versions()
        versions[name] += 1
        families = tuple(
            dataclasses.replace(family, version=versions[family.name])
            for family in registry.FAMILIES
        )
        monkeypatch.setattr(registry, "FAMILIES", families)
        monkeypatch.setattr(
            registry, "_BY_EXTENSION", {e: f for f in families for e in f.extensions}
        )

    return improve


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
