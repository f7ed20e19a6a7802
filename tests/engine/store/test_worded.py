"""Finding contents by words: filtered before the best are taken, each content once."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime
from pathlib import Path

import pytest

from engine.readings import Details, Kind, Place
from engine.records import ContentId
from engine.search_records import Filters
from engine.store import files, fulltext, listing, worded
from engine.store.database import Database
from engine.store.worded import Among

SINCE_2023 = Filters(after=date(2023, 1, 1))


def taken(year: int) -> Details:
    return Details(taken_at=datetime(year, 6, 1), place=Place(city="Paris"))


def named(
    connection: sqlite3.Connection, name: str, expression: str, filters: Filters, limit: int
) -> list[ContentId]:
    """Those that have this very name."""
    found = worded.by_names(connection, name, expression, among(connection, filters), limit)
    assert [is_exact for _, is_exact in found] == sorted((e for _, e in found), reverse=True)
    return [content_id for content_id, is_exact in found if is_exact]


def by_names(connection: sqlite3.Connection, expression: str, among: Among, limit: int):
    """Those that have a name with the words."""
    return [found for found, _ in worded.by_names(connection, "", expression, among, limit)]


def among(connection: sqlite3.Connection, filters: Filters) -> Among:
    return listing.allowed(connection, filters).contents


@pytest.mark.parametrize("find", [worded.by_details, by_names])
def test_filters_come_before_the_limit(database: Database, put, find) -> None:
    for number in range(20):
        put(f"Paris/{number}.jpg", details=taken(2015))
    recent = {put(f"Paris/holiday in Paris {n}.jpg", details=taken(2024)) for n in range(3)}
    connection = database.reading()
    assert len(find(connection, '"paris"', None, 10)) == 10
    assert set(find(connection, '"paris"', among(connection, SINCE_2023), 10)) == recent


def test_filters_of_passages_come_before_the_limit(database: Database, put) -> None:
    for number in range(20):
        put(f"{number}.txt", "a paid invoice", kind=Kind.DOCUMENT)
    photo = put("bill.jpg", "the invoice that a long evening in the restaurant brought about")
    photos = among(database.reading(), Filters(kind=Kind.PHOTO))
    found = worded.by_passages(database.reading(), '"invoice"', photos, 10)
    assert [each.content_id for each in found] == [photo]


def test_a_long_document_leaves_room_for_others(database: Database, put) -> None:
    mails = ["another invoice", "invoice"] * 50
    mbox = put("all.mbox", *mails, kind=Kind.DOCUMENT)
    letter = put("letter.txt", "thank you for the invoice that you sent", kind=Kind.DOCUMENT)
    found = worded.by_passages(database.reading(), '"invoice"', None, 10)
    assert [each.content_id for each in found] == [mbox, letter]
    best = database.reading().execute(
        "SELECT text FROM segments WHERE id = ?", (found[0].segment_id,)
    )
    assert best.fetchone()[0] == "invoice"


def test_how_much_of_a_text_has_the_words_is_told(database: Database, put) -> None:
    put("novel.txt", *["it rained"] * 7, "a boat", kind=Kind.DOCUMENT)
    put("note.txt", "the boat", "our boat", kind=Kind.DOCUMENT)
    found = worded.by_passages(database.reading(), '"boat"', None, 10)
    assert sorted(each.share for each in found) == [1 / 8, 1]


def test_the_limit_holds(database: Database, put) -> None:
    for number in range(5):
        put(f"boat {number}.txt", "a boat")
    assert len(worded.by_passages(database.reading(), '"boat"', None, 3)) == 3
    assert len(by_names(database.reading(), '"boat"', None, 3)) == 3


def test_what_is_nowhere_any_more_is_not_found(database: Database, put) -> None:
    put("Paris/old.txt", "a boat", details=taken(2024))
    with database.writing() as connection:
        files.begin_sweep(connection)
        (folder,) = connection.execute("SELECT id FROM folders").fetchone()
        files.forget_unseen(connection, folder, Path())
    kept = put("Paris/new.txt", "a boat", details=taken(2024))
    connection = database.reading()
    for meant in (None, among(connection, SINCE_2023)):
        assert [c for c, *_ in worded.by_passages(connection, '"boat"', meant, 9)] == [kept]
        assert worded.by_details(connection, '"paris"', meant, 9) == [kept]
        assert by_names(connection, '"paris"', meant, 9) == [kept]


def test_a_file_that_waits_has_a_name_but_no_content(database: Database, put) -> None:
    put("boat.txt", "a boat")
    with database.writing() as connection:
        connection.execute("UPDATE files SET content_id = NULL, state = 'waiting'")
    assert by_names(database.reading(), '"boat"', None, 9) == []


@pytest.mark.parametrize("name", ["IMG_5910.JPG", "img_5910", "img_5910.jpg"])
def test_a_name_is_told_from_what_has_its_words(database: Database, put, name: str) -> None:
    put("IMG_5910/other.jpg")
    put("copy of IMG_5910.jpg")
    asked = put("Trips/IMG_5910.jpg")
    newer = put("IMG_5910.jpg", kind=Kind.DOCUMENT)
    expression = fulltext.match_expression(fulltext.words_of(name))
    connection = database.reading()
    assert named(connection, name, expression, Filters(), 9) == [newer, asked]
    assert named(connection, name, expression, Filters(), 1) == [newer]
    assert named(connection, name, expression, Filters(kind=Kind.PHOTO), 9) == [asked]


@pytest.mark.parametrize("name", ["租房合同", "租房合同.PDF", "Müller", "MULLER.pdf"])
def test_names_of_any_script_are_told(database: Database, put, name: str) -> None:
    put("租房合同 旧.pdf")
    put("Frau Müller.pdf")
    asked = {put("租房合同.pdf"), put("Mu\u0308ller.pdf")}
    expression = fulltext.match_expression(fulltext.words_of(name))
    (found,) = named(database.reading(), name, expression, Filters(), 9)
    assert found in asked


def test_of_too_many_to_rank_the_newest_are_found(
    database: Database, put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worded, "MOST_RANKED", 4)
    letters = [put(f"boat {n}.txt", "a boat", kind=Kind.DOCUMENT) for n in range(6)]
    photos = [put(f"boat {n}.jpg") for n in range(6)]
    connection = database.reading()
    assert set(by_names(connection, '"boat"', None, 9)) == set(photos[2:])
    letters_only = among(connection, Filters(kind=Kind.DOCUMENT))
    assert set(by_names(connection, '"boat"', letters_only, 9)) == set(letters[2:])
    assert {each.content_id for each in worded.by_passages(connection, '"boat"', None, 9)} == set(
        letters[2:]
    )
    assert named(connection, "boat 2", '"boat"', Filters(), 9) == [photos[2]]
