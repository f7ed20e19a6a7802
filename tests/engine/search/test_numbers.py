"""Searching for numbers, whose meaning no model knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.library import Library
from engine.search_records import Band, Query, Retriever

TABLE = "\n".join(f"{n},{n * n},{n * 7 % 13}" for n in range(5800, 5830))


@pytest.fixture
def shelf(library: Library, pictures: Path, make_photo) -> Library:
    (pictures / "table.csv").write_text(TABLE)
    (pictures / "letter.txt").write_text("Thank you for the parcel with your number 5910.")
    for number in range(3):
        make_photo(pictures / f"IMG_{number}.png", seed=number)
    for _ in library.index([pictures]):
        pass
    return library


@pytest.mark.parametrize("text", ["5910", "12:30", "x 4", "９"])
def test_the_meaning_of_numbers_alone_is_at_most_a_maybe(shelf: Library, text: str) -> None:
    for hit in shelf.search(Query(text)).hits:
        by_words = Retriever.WORDS in {match.retriever for match in hit.matches}
        assert by_words or hit.band is not Band.STRONG


def test_numbers_are_found_where_they_stand(shelf: Library) -> None:
    assert shelf.search(Query("5910")).hits[0].path.name == "letter.txt"
    assert shelf.search(Query("IMG 2")).hits[0].path.name == "IMG_2.png"
