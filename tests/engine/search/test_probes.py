"""Searching with a file that changes, or goes, between two questions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import QueryError
from engine.library import Library
from engine.search_records import Query


@pytest.fixture
def handed_over(library: Library, pictures: Path, make_photo, tmp_path: Path) -> Path:
    """A picture as a browser hands it over: a copy of 0.png, one of three that are indexed."""
    for number in range(3):
        make_photo(pictures / f"{number}.png", seed=number)
    for _ in library.index([pictures]):
        pass
    return Path(shutil.copy(pictures / "0.png", tmp_path / "dropped.png"))


def first(library: Library, picture: Path) -> str:
    return library.search(Query(picture=picture)).hits[0].path.name


def test_a_picture_that_goes_is_still_searched_with(library: Library, handed_over: Path) -> None:
    assert first(library, handed_over) == "0.png"
    handed_over.unlink()
    assert first(library, handed_over) == "0.png"
    assert library.search(Query("a harbour", picture=handed_over)).hits, "with words too"
    with pytest.raises(QueryError, match=r"other\.png"):
        first(library, handed_over.with_name("other.png"))


def test_a_picture_that_changes_is_looked_at_again(
    library: Library, handed_over: Path, pictures: Path
) -> None:
    assert first(library, handed_over) == "0.png"
    shutil.copy(pictures / "2.png", handed_over)
    assert first(library, handed_over) == "2.png"
