"""The nearest by meaning, past what is near and nowhere any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.library import Library
from engine.search import retrieve
from engine.search_records import Query, Retriever


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


@pytest.mark.parametrize(
    ("brief", "asked"),
    [("a", "1.txt"), ("REDIGHT", "redight"), ("12:30 kg", "kg"), ("花", "花")],
)
def test_a_text_of_next_to_no_words_is_no_strong_match_by_meaning(
    library: Library, pictures: Path, brief: str, asked: str
) -> None:
    (pictures / "1.txt").write_text(brief, encoding="utf-8")
    (pictures / "2.txt").write_text("Red roses and tulips grow in the garden.")
    list(library.index([pictures]))
    for text in ("a photo with an extra", "red flowers", "红色的花朵", "quarter to one"):
        for hit in library.search(Query(text)).hits:
            by_meaning = [m for m in hit.matches if m.retriever is Retriever.PASSAGE_MEANING]
            if hit.path.name == "1.txt" and by_meaning:
                assert by_meaning[0].score <= retrieve.BRIEF_CHANCE
    assert library.search(Query("red flowers")).hits[0].path.name == "2.txt"
    first = library.search(Query(asked)).hits[0]
    assert first.path.name == "1.txt", "its words, or its name, still find it"
