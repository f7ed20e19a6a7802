"""The nearest by meaning, past what is near and nowhere any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.library import Library
from engine.search import retrieve
from engine.search_records import Query


@pytest.mark.parametrize("text", ["a cat sleeps on a sofa", "a cat on a sofa type:document"])
def test_what_was_deleted_hides_nothing_that_is_there(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(retrieve, "SPARE", 0)
    book, letter = pictures / "book.txt", pictures / "letter.txt"
    book.write_text("\n\n".join(f"A cat sleeps on the sofa, day {day}. " * 30 for day in range(90)))
    letter.write_text("Our old kitten likes to lie down in the sun.")
    list(library.index([pictures]))
    assert library.search(Query(text, limit=1)).hits[0].path == book
    book.unlink()
    list(library.index([pictures]))
    hits = library.search(Query(text, limit=1)).hits
    assert [hit.path for hit in hits] == [letter]
