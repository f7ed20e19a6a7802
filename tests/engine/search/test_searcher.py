"""Searching real photos and texts with the built-in model."""

from collections.abc import Iterator

import pytest
from PIL import Image

from engine.errors import QueryError
from engine.library import Library
from engine.paths import Home
from engine.readings import Kind
from engine.search_records import Band, Query, Retriever, SearchResult

CONTRACT = """# Rental contract

The tenant pays a deposit of three months' rent on moving in.

Small animals in cages need no permission. For a dog the tenant asks in writing.
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory, real_photos) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("shelf")
    for number, name in enumerate(real_photos):
        with Image.open(real_photos[name]) as photo:
            target = folder / ("Trips" if number % 2 else "Home") / f"IMG_{number}-{name[0]}.jpg"
            target.parent.mkdir(exist_ok=True)
            written = Image.Exif()
            written[306] = f"{2020 + number}:06:01 12:00:00"
            photo.convert("RGB").save(target, exif=written)
    (folder / "contract.md").write_text(CONTRACT)
    (folder / "旅行.txt").write_text("秋天我们去了杭州，在西湖边喝茶。")
    with Library.open(Home.at(tmp_path_factory.mktemp("home"))) as library:
        for _ in library.index([folder]):
            pass
        yield library


def ask(library: Library, text: str = "", **asked: object) -> SearchResult:
    return library.search(Query(text=text, **asked))


def first(result: SearchResult) -> str:
    return result.hits[0].path.stem


@pytest.mark.parametrize(
    ("text", "letter"),
    [("a cat", "cat"), ("a rocket launch", "rocket"), ("a motorcycle", "motorcycle")],
)
def test_words_find_the_photo_that_shows_it(shelf, real_photos, text, letter) -> None:
    number = list(real_photos).index(letter)
    hit = ask(shelf, text, kind=Kind.PHOTO).hits[0]
    assert hit.path.stem == f"IMG_{number}-{letter[0]}"
    assert hit.matches[0].retriever is Retriever.PHOTO_MEANING


def test_a_picture_finds_its_smaller_copy(shelf, real_photos, tmp_path) -> None:
    with Image.open(real_photos["cat"]) as photo:
        photo.convert("RGB").resize((120, 90)).save(tmp_path / "small.jpg", quality=60)
    result = ask(shelf, picture=tmp_path / "small.jpg")
    assert first(result).startswith("IMG_0")
    assert result.hits[0].band is Band.STRONG


def test_a_picture_and_words_are_one_query(shelf, real_photos) -> None:
    def stems(text: str) -> list[str]:
        hits = ask(shelf, text, picture=real_photos["cat"], kind=Kind.PHOTO).hits
        return [hit.path.stem.rsplit("-")[0] for hit in hits]

    alone, both = stems(""), stems("a motorcycle")
    motorcycle = f"IMG_{list(real_photos).index('motorcycle')}"
    assert alone[0] == "IMG_0"
    assert set(both[:2]) == {"IMG_0", motorcycle}
    assert both.index(motorcycle) < alone.index(motorcycle)


def test_document_words_come_with_their_passage(shelf) -> None:
    hit = ask(shelf, "deposit rent").hits[0]
    assert hit.path.name == "contract.md"
    assert hit.kind is Kind.DOCUMENT
    assert "deposit of three months" in hit.snippet
    assert CONTRACT[hit.snippet_start :].startswith(hit.snippet)
    assert {match.retriever for match in hit.matches} >= {Retriever.WORDS}


def test_chinese_words_find_documents_and_names(shelf) -> None:
    assert ask(shelf, "西湖").hits[0].path.name == "旅行.txt"
    assert ask(shelf, "旅行").hits[0].path.name == "旅行.txt"


def test_names_and_folders_are_found_by_their_words(shelf) -> None:
    hits = ask(shelf, "Trips").hits
    assert [hit.path.parent.name for hit in hits if hit.band is Band.STRONG] == ["Trips"] * 2


@pytest.mark.parametrize("suffix", ["", ".JPG"])
def test_a_file_that_is_asked_for_by_its_name_comes_first(shelf, suffix) -> None:
    for photo in ask(shelf, "type:photo").hits:
        hit = ask(shelf, photo.path.stem + suffix).hits[0]
        assert hit.path == photo.path
        assert hit.band is Band.STRONG
    for text in ("contract.md", '"Contract"', "contract type:document"):
        assert first(ask(shelf, text)) == "contract"
    assert ask(shelf, "contract").hits[0].matches[-1].detail == "its name is: contract"


def test_signs_and_common_words_ask_for_what_is_new(shelf) -> None:
    newest = [hit.path for hit in ask(shelf).hits]
    for text in ("-", "$", "the", "的"):
        assert [hit.path for hit in ask(shelf, text).hits] == newest


def test_filters_leave_out_the_rest(shelf, real_photos) -> None:
    assert {h.kind for h in ask(shelf, "animal type:document").hits} == {Kind.DOCUMENT}
    assert {h.path.parent.name for h in ask(shelf, "a photo in:Trips").hits} == {"Trips"}
    assert {h.path.suffix for h in ask(shelf, "a photo ext:md").hits} == {".md"}
    years = {h.shown_at.year for h in ask(shelf, "a photo after:2021 before:2023").hits}
    assert years == {2021, 2022}
    assert [h.path.name for h in ask(shelf, '"animals in cages"').hits] == ["contract.md"]
    assert ask(shelf, '"cages animals in"').hits == ()


def test_what_is_not_wanted_is_left_out(shelf, real_photos) -> None:
    """By its words, or, where it is a picture, by what it shows."""

    def names(text: str) -> set[str]:
        return {hit.path.name for hit in ask(shelf, text).hits}

    cat = "IMG_0-c.jpg"
    everything = names("a photo")
    assert {cat, "contract.md"} < everything
    assert names("a photo -tenant") == everything - {"contract.md"}
    for text in ("a photo -cat", "-cat", 'a photo -"a cat"', "type:photo a photo -cat"):
        assert names(text) == names(text.replace("cat", "한국어")) - {cat}
    assert names("rent -deposit type:document") == {"旅行.txt"}
    assert names("a photo -한국어") == everything


def test_filters_alone_list_the_newest_first(shelf) -> None:
    dates = [hit.shown_at for hit in ask(shelf, "type:photo").hits]
    assert len(dates) > 3
    assert dates == sorted(dates, reverse=True)


def test_scores_are_chances_that_never_rise(shelf) -> None:
    for text in ("a cat", "deposit", "Trips rocket", "西湖", "qwertz"):
        scores = [hit.score for hit in ask(shelf, text, limit=50).hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_more_like_a_hit_leaves_out_the_hit(shelf, real_photos) -> None:
    cat = ask(shelf, "a cat", kind=Kind.PHOTO).hits[0]
    like = ask(shelf, like=cat.content_id).hits
    assert like
    assert cat.content_id not in {hit.content_id for hit in like}


def test_a_document_finds_what_is_about_the_same(shelf, tmp_path) -> None:
    (tmp_path / "letter.txt").write_text("The landlord keeps the deposit of the tenant's rent.")
    assert ask(shelf, picture=tmp_path / "letter.txt", kind=Kind.DOCUMENT).hits[0].path.name == (
        "contract.md"
    )


def test_words_that_the_model_does_not_know_are_named(shelf) -> None:
    assert ask(shelf, "한국어").unknown_words == ("한국어",)


def test_a_picture_that_cannot_be_read_is_a_clear_error(shelf, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    with pytest.raises(QueryError, match=r"broken\.jpg"):
        ask(shelf, picture=tmp_path / "broken.jpg")


def test_the_limit_holds(shelf) -> None:
    assert len(ask(shelf, "a photo", limit=2).hits) == 2
    assert len(ask(shelf, limit=3).hits) == 3


def test_a_long_document_leaves_room_for_others(library: Library, pictures) -> None:
    mail = "From a@example.org Mon Jan  1 00:00:00 2024\nSubject: Cats\n\nA cat, a cat, a cat!\n\n"
    (pictures / "all.mbox").write_text(mail * 200)
    (pictures / "letter.txt").write_text("The landlord keeps the deposit of the tenant's rent.")
    (pictures / "diary.txt").write_text("In autumn we went to the lake and drank tea.")
    for _ in library.index([pictures]):
        pass
    names = [hit.path.name for hit in ask(library, "a cat", limit=3).hits]
    assert names[0] == "all.mbox"
    assert sorted(names) == ["all.mbox", "diary.txt", "letter.txt"]
