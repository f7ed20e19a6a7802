"""Filters on where a content is and what it says of itself."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from engine.readings import Details, Kind, Place
from engine.records import ContentId
from engine.search_records import Filters, Measure, Range
from engine.store import listing, worded
from engine.store.database import Database


def found(database: Database, filters: Filters) -> set[int]:
    return {row.content_id for row in listing.newest(database.reading(), filters, 100)}


@pytest.mark.parametrize("word", ["Trips", "trips", "Rome", "Trips\\Rome", "Trips/Rome"])
@pytest.mark.parametrize("separator", ["/", "\\"])
def test_folders_are_told_by_either_separator(
    database: Database, put, word: str, separator: str
) -> None:
    rome = put(separator.join(["Trips", "Rome", "a.jpg"]))
    put(separator.join(["Home", "Trips.jpg"]))
    put("Rome.jpg")
    assert found(database, Filters(folder_words=(word,))) == {rome}


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Müller", "가족사진"])
def test_composed_words_filter_decomposed_names(
    database: Database, put, name: str, stored: str
) -> None:
    as_stored = unicodedata.normalize(stored, name)
    photo = put(f"{as_stored}/1.jpg")
    book = put("2.pdf", kind=Kind.DOCUMENT, details=Details(author=as_stored))
    assert found(database, Filters(folder_words=(name,))) == {photo}
    assert found(database, Filters(authors=(name,))) == {book}


def test_folders_above_the_watched_one_tell_nothing(
    database: Database, put, pictures: Path
) -> None:
    photo = put("Trips/1.jpg")
    assert found(database, Filters(folder_words=(pictures.name.lower(),))) == {photo}
    assert found(database, Filters(folder_words=(pictures.parent.name,))) == set()


REYKJAVIK = Details(
    camera="Kodak Água",
    place=Place(city="Reykjavík", country="Iceland", country_zh="冰岛"),
    keywords=("Été", "at sea"),
    author="JÖRG",
)


@pytest.mark.parametrize(
    "filters",
    [
        *(Filters(places=(word,)) for word in ("Reykjavik", "REYKJAVÍK", "iceland", "冰岛")),
        Filters(cameras=("agua",)),
        *(Filters(tags=(word,)) for word in ("ete", "ÉTÉ", "AT SEA")),
        *(Filters(authors=(word,)) for word in ("jörg", "Jorg")),
        Filters(folder_words=("utlönd",)),
    ],
)
def test_case_and_accents_do_not_matter(database: Database, put, filters: Filters) -> None:
    put("1.jpg")
    there = put("Útlönd/2.jpg", details=REYKJAVIK)
    assert found(database, filters) == {there}


@pytest.mark.parametrize("word", ["city", "country", "_zh", '": "', "sea, ", "Iceland 冰岛"])
def test_filters_look_only_at_what_is_said(database: Database, put, word: str) -> None:
    put("1.jpg", details=REYKJAVIK)
    assert found(database, Filters(places=(word,))) == set()
    assert found(database, Filters(tags=(word,))) == set()


def test_signs_of_patterns_stand_for_themselves(database: Database, put) -> None:
    put("100/1.jpg")
    sale = put("100%_off/1.jpg")
    assert found(database, Filters(folder_words=("0%_",))) == {sale}


def test_what_has_an_unwanted_word_anywhere_is_left_out(database: Database, put) -> None:
    put("Snow/1.jpg")
    put("2.jpg", details=Details(keywords=("snow",)))
    put("3.txt", "the sun shone", "and then the snow came", kind=Kind.DOCUMENT)
    sun = put("4.txt", "the sun shone", kind=Kind.DOCUMENT)
    with database.writing() as connection:  # as an archive keeps what it could not read
        connection.execute(
            "INSERT INTO members (id, container_id, name, extension, size_bytes, read_at) "
            "VALUES (1, ?, 'snow.xyz', 'xyz', 1, '')",
            (sun,),
        )
        connection.execute("INSERT INTO member_words (rowid, words) VALUES (1, 'snow xyz')")
    assert found(database, Filters(without=("snow",))) == {sun}
    assert found(database, Filters(without=("snow", "sun"))) == set()
    assert len(found(database, Filters(without=("the snow came",)))) == 3


@pytest.mark.parametrize("filters", [Filters(), Filters(kind=Kind.PHOTO)])
def test_what_a_file_that_is_gone_had_inside_takes_no_place(
    database: Database, put, filters: Filters
) -> None:
    def found() -> list[ContentId]:
        connection = database.reading()
        among = listing.allowed(connection, filters).contents if filters != Filters() else None
        return [c for c, _ in worded.by_names(connection, "", '"boat"', among, 9)]

    archive = put("trip.zip", kind=Kind.ARCHIVE)
    inside = put("boat 1.jpg")
    there = put("a boat in a harbour 2.jpg")
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO members (id, container_id, name, extension, size_bytes, content_id, "
            "read_at) VALUES (1, ?, 'boat 1.jpg', 'jpg', 1, ?, '')",
            (archive, inside),
        )
        connection.execute("INSERT INTO member_words (rowid, words) VALUES (1, 'boat')")
        connection.execute("DELETE FROM files WHERE content_id = ?", (inside,))
    assert found() == [there, inside]
    with database.writing() as connection:
        connection.execute("DELETE FROM files WHERE content_id = ?", (archive,))
    assert found() == [there]


def test_what_satisfies_an_unwanted_filter_is_left_out(
    database: Database, put, pictures: Path
) -> None:
    photo = put("Trips/1.jpg", details=REYKJAVIK)
    book = put("2.pdf", kind=Kind.DOCUMENT, details=Details(language="en", pages=300))
    plain = put("3.jpg")

    def without(**unwanted: object) -> set[int]:
        return found(database, Filters(excluding=(Filters(**unwanted),)))

    assert without(kind=Kind.PHOTO) == {book}
    assert without(folder_words=("trips",)) == {book, plain}
    assert without(places=("iceland",)) == without(tags=("sea",)) == {book, plain}
    assert without(languages=("en",)) == {photo, plain}, "those of no language are in none"
    assert without(ranges=(Range(Measure.PAGES, 100),)) == {photo, plain}
    neither = (Filters(kind=Kind.DOCUMENT), Filters(cameras=("kodak",)))
    assert found(database, Filters(excluding=neither)) == {plain}
