"""How much a word is worth: in a note, somewhere in a novel, at the beginning of a name."""

from collections.abc import Iterator

import pytest
from PIL import Image

from engine.library import Library
from engine.paths import Home
from engine.search_records import Band, Hit, Query, Retriever

PARAGRAPH = "On the {}th day nothing was said of it, and everybody went on with the work at hand. "


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, real_photos) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("shelf")
    chapters = [PARAGRAPH.format(day) * 8 for day in range(60)]
    chapters[31] = "In the evening a cat came by, looked at the coffee, and left for the harbour."
    (folder / "novel.txt").write_text("\n\n".join(chapters))
    (folder / "note.txt").write_text("The cat is at the harbour.")
    (folder / "landscape study.txt").write_text("Of hills and trees.")
    for name in ("cat", "rocket"):
        with Image.open(real_photos[name]) as photo:
            photo.convert("RGB").save(folder / f"{name[0]}.jpg")
    with Library.open(Home.at(tmp_path_factory.mktemp("home"))) as library:
        for _ in library.index([folder]):
            pass
        yield library


def found(library: Library, text: str, **asked: object) -> dict[str, Hit]:
    return {hit.path.name: hit for hit in library.search(Query(text=text, **asked)).hits}


def by_words(hit: Hit) -> float:
    return max(match.score for match in hit.matches if match.retriever is Retriever.WORDS)


def test_a_word_somewhere_in_a_long_text_may_be_meant(shelf) -> None:
    hits = found(shelf, "harbour")
    assert by_words(hits["note.txt"]) > 0.5 > by_words(hits["novel.txt"])
    assert hits["novel.txt"].band is not Band.WEAK


@pytest.mark.parametrize("text", ["cat coffee evening harbour", '"left for the harbour"'])
def test_several_words_in_one_passage_are_meant(shelf, text) -> None:
    assert by_words(found(shelf, text)["novel.txt"]) > 0.5


@pytest.mark.parametrize("text", ["landsc", "landscape stu"])
def test_the_beginning_of_a_name_finds_it(shelf, text) -> None:
    hit = found(shelf, text)["landscape study.txt"]
    assert hit.band is not Band.WEAK
    assert Retriever.NAME in {match.retriever for match in hit.matches}


def test_a_whole_word_of_a_name_tells_more_than_its_beginning(shelf) -> None:
    whole, begun = (
        next(m for m in found(shelf, text)["landscape study.txt"].matches if m.retriever == "name")
        for text in ("landscape", "landsc")
    )
    assert whole.score > 0.5 > begun.score


@pytest.mark.parametrize("text", ["la", "的"])
def test_too_little_is_no_beginning(shelf, text) -> None:
    hits = found(shelf, text)
    assert all(m.retriever is not Retriever.NAME for hit in hits.values() for m in hit.matches)


def test_beside_a_picture_words_alone_do_not_decide(shelf, real_photos) -> None:
    hits = found(shelf, "harbour", picture=real_photos["rocket"])
    assert next(iter(hits)) == "r.jpg"
    assert by_words(hits["note.txt"]) < 0.5
