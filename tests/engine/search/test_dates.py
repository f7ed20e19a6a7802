"""What is a date, and what is found by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.library import Library
from engine.paths import Home
from engine.search.dates import span_of
from engine.search_records import Band, Query, Retriever

APRIL = (date(2024, 4, 1), date(2024, 5, 1))
THE_13TH = (date(2024, 4, 13), date(2024, 4, 14))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2024", (date(2024, 1, 1), date(2025, 1, 1))),
        ("2024年", (date(2024, 1, 1), date(2025, 1, 1))),
        *((text, APRIL) for text in ("2024-04", "2024-4", "2024/04", "April 2024", "apr. 2024")),
        *((text, APRIL) for text in ("2024年4月", "2024 年 4 月", "２０２４年４月", "APRIL, 2024")),
        *((text, THE_13TH) for text in ("2024-04-13", "2024/4/13", "2024.04.13", "20240413")),
        *((text, THE_13TH) for text in ("13 April 2024", "13. Apr 2024", "13th  april 2024")),
        *((text, THE_13TH) for text in ("April 13, 2024", "Apr 13 2024", "april 13th, 2024")),
        *((text, THE_13TH) for text in ("2024年4月13日", "2024年4月13号", "2024年4月13號")),
        ("December 2024", (date(2024, 12, 1), date(2025, 1, 1))),
        ("2024-02-29", (date(2024, 2, 29), date(2024, 3, 1))),
    ],
)
def test_dates_are_told(text: str, span: tuple[date, date]) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize(
    "text",
    [
        *("", "April", "4月", "12", "13/04/2024", "2024-04-13 2024", "2024 dogs", "the 2024"),
        *("2024-02-30", "2024-13", "20241301", "2024年13月", "0000", "9999", "9999-12-31"),
        *("Maybe 2024", "Januar 2024", "2024-04/13", "123456", "10.5281"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert span_of(text) is None


@given(st.dates(max_value=date(9998, 12, 31)))
def test_a_day_begins_its_own_span(day: date) -> None:
    forms = (
        day.isoformat(),
        f"{day.day} {day:%B} {day.year:04}",
        f"{day.year:04}年{day.month}月{day.day}日",
    )
    assert {span_of(form) for form in forms} == {(day, date.fromordinal(day.toordinal() + 1))}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Photos that say when they were taken, one a month, and a table that was changed in one."""
    folder: Path = tmp_path_factory.mktemp("dated")
    for month in range(1, 13):
        exif = Image.Exif()
        exif[306] = f"2024:{month:02}:13 12:00:00"
        Image.new("RGB", (64, 48), (20 * month, 90, 90)).save(folder / f"{month}.jpg", exif=exif)
    table = folder / "table.csv"
    table.write_text("\n".join(f"{n},{n * n},{n * 7 % 13}" for n in range(1990, 2020)))
    os.utime(table, (datetime(2024, 4, 20).timestamp(),) * 2)
    with Library.open(Home.at(tmp_path_factory.mktemp("home")).create()) as library:
        for _ in library.index([folder]):
            pass
        yield library


@pytest.mark.parametrize(
    ("text", "names"),
    [
        *((text, ["4.jpg", "table.csv"]) for text in ("2024-04", "April 2024", "2024年4月")),
        *((text, ["4.jpg"]) for text in ("2024-04-13", "13 April 2024", "2024年4月13日")),
        ("April 2024 type:document", ["table.csv"]),
        ("2024 type:photo before:2024-03", ["2.jpg", "1.jpg"]),
        ("May 2007", []),
    ],
)
def test_a_date_finds_what_is_from_then(shelf: Library, text: str, names: list[str]) -> None:
    hits = shelf.search(Query(text)).hits
    assert [hit.path.name for hit in hits] == names
    assert {hit.matches[0].retriever for hit in hits} <= {Retriever.DATE}
    assert {hit.band for hit in hits} <= {Band.STRONG}


def test_a_date_stands_in_texts_too(library: Library, pictures: Path) -> None:
    (pictures / "letter.txt").write_text("The flat is handed over on 13 April 2031.")
    for _ in library.index([pictures]):
        pass
    (hit,) = library.search(Query("13 April 2031")).hits
    assert [match.retriever for match in hit.matches] == [Retriever.WORDS]
