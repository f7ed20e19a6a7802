"""Lists of contents: the newest, those from some days, and the segments of what is asked for."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from engine.readings import Details, Kind
from engine.records import Medium
from engine.search_records import Filters
from engine.store import listing
from engine.store.database import Database


def taken(month: int) -> Details:
    return Details(taken_at=datetime(2024, month, 13, 12))


@pytest.fixture
def months(database: Database, put) -> dict[int, int]:
    """Photos of three months, by month, stored out of order; all were changed in 1970."""
    return {month: put(f"{month}.jpg", details=taken(month)) for month in (2, 3, 1)}


def test_the_newest_come_first_as_far_as_they_are_wanted(database: Database, months, put) -> None:
    old = put("old.txt", "a letter", kind=Kind.DOCUMENT)
    connection = database.reading()

    def newest(limit: int, **asked: object) -> list[int]:
        return [row.content_id for row in listing.newest(connection, Filters(**asked), limit)]

    assert newest(9) == [months[3], months[2], months[1], old]
    assert newest(2) == [months[3], months[2]]
    assert newest(2, before=date(2024, 3, 1)) == [months[2], months[1]]


def test_days_are_within_what_filters_allow(database: Database, months, put) -> None:
    connection, year = database.reading(), (date(2024, 1, 1), date(2025, 1, 1))
    put("old.txt", "a letter", kind=Kind.DOCUMENT)
    assert listing.dated(connection, Filters(), year, 9) == [months[3], months[2], months[1]]
    assert listing.dated(connection, Filters(), year, 1) == [months[3]]
    assert listing.dated(connection, Filters(kind=Kind.DOCUMENT), year, 9) == []
    some = Filters(after=date(2024, 2, 1), before=date(2024, 2, 14))
    assert listing.dated(connection, some, year, 9) == [months[2]]
    wider = Filters(after=date(1990, 1, 1), before=date(2030, 1, 1))
    assert len(listing.dated(connection, wider, year, 9)) == 3


def test_what_says_when_it_was_taken_comes_before_what_was_changed_then(
    database: Database, put
) -> None:
    changed = put("changed.jpg")
    said = put("said.jpg", details=Details(taken_at=datetime(1970, 1, 1)))
    days = date(1969, 12, 31), date(1970, 1, 3)
    assert listing.dated(database.reading(), Filters(), days, 9) == [said, changed]


def test_segments_are_told_by_what_they_are(database: Database, put) -> None:
    put("photo.jpg", "recognised in a photo")
    put("letter.txt", "a letter", "its end", kind=Kind.DOCUMENT)
    with database.writing() as connection:
        connection.execute("INSERT INTO segments (content_id, kind) VALUES (1, 'photo')")
    every = listing.allowed(connection, Filters()).segments
    assert [len(every[Medium.PICTURE]), len(every[Medium.TEXT])] == [1, 3]
    letters = listing.allowed(connection, Filters(kind=Kind.DOCUMENT)).segments
    assert [len(letters[Medium.PICTURE]), len(letters[Medium.TEXT])] == [0, 2]
    none = listing.allowed(connection, Filters(extensions=("xyz",))).segments
    assert [len(none[Medium.PICTURE]), len(none[Medium.TEXT])] == [0, 0]


def test_what_has_no_segment_is_allowed_too(database: Database, put) -> None:
    archive = put("trips.zip", kind=Kind.ARCHIVE)
    with database.writing() as connection:
        connection.execute("DELETE FROM segments")
    allowed = listing.allowed(database.reading(), Filters(kind=Kind.ARCHIVE))
    assert allowed.contents == {archive}
    assert [len(found) for found in allowed.segments.values()] == [0, 0]


@pytest.mark.parametrize("name", ["invoice 7", "Invoice 7.txt"])
def test_of_copies_that_of_the_name_asked_for_is_shown(database: Database, put, name: str) -> None:
    content = put("invoice 7.txt", kind=Kind.DOCUMENT)
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO files (folder_id, relative, extension, size_bytes, modified_ns, state, "
            "content_id) SELECT folder_id, CAST('a/copy.txt' AS BLOB), extension, size_bytes, "
            "modified_ns, state, content_id FROM files"
        )
    shown = listing.details(database.reading(), [content], Filters(), name)[content]
    assert (shown.path.name, shown.copies) == ("invoice 7.txt", 1)
    shown = listing.details(database.reading(), [content], Filters(), "copy")[content]
    assert (shown.path.name, shown.copies) == ("copy.txt", 1)
