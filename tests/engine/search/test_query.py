from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readings import Kind
from engine.search.query import parse
from engine.search_records import Filters, Measure, Query, Range


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ("red kite", "red kite", Filters()),
        ("kite type:photo", "kite", Filters(kind=Kind.PHOTO)),
        ("type:documents rent", "rent", Filters(kind=Kind.DOCUMENT)),
        ('in:Trips in:"New York" cat', "cat", Filters(folder_words=("Trips", "New York"))),
        ("after:2023 before:2024-06", "", Filters(after=date(2023, 1, 1), before=date(2024, 6, 1))),
        ("before:2024-06-15", "", Filters(before=date(2024, 6, 15))),
        ("ext:jpg,.PNG x", "x", Filters(extensions=("jpg", "png"))),
        ('a "red kite" flies', "a red kite flies", Filters(phrases=("red kite",))),
        ("lens:50mm place:东京", "", Filters(cameras=("50mm",), places=("东京",))),
        ('tag:"at sea" by:Ada', "", Filters(tags=("at sea",), authors=("Ada",))),
        ("lang:DE,fr", "", Filters(languages=("de", "fr"))),
        ("rating:4", "", Filters(ranges=(Range(Measure.RATING, 4),))),
        ("iso:800", "", Filters(ranges=(Range(Measure.ISO, 800, 800),))),
        ("pages:10-20", "", Filters(ranges=(Range(Measure.PAGES, 10, 20),))),
        (
            "width:4000- height:-3000",
            "",
            Filters(ranges=(Range(Measure.WIDTH, 4000), Range(Measure.HEIGHT, most=3000))),
        ),
        ("iso:- iso:1-2-3 iso:1234567890", "iso:- iso:1-2-3 iso:1234567890", Filters()),
        ("12:30 at https://example.org", "12:30 at https://example.org", Filters()),
        ("type:banana after:soon", "type:banana after:soon", Filters()),
        ("after:2023-13", "after:2023-13", Filters()),
        ("in:Mu\u0308ller Cafe\u0301", "Café", Filters(folder_words=("Müller",))),
        ("beach -snow", "beach", Filters(without=("snow",))),
        ('-"in the snow" -雪 x', "x", Filters(without=("in the snow", "雪"))),
        ("sun-dried x - y --z -the", "sun-dried x - y --z", Filters()),
        ("TYPE:photo Type:PHOTO dog", "dog", Filters(kind=Kind.PHOTO)),
        ("IN:Trips After:2023", "", Filters(folder_words=("Trips",), after=date(2023, 1, 1))),
        ("-type:photo dog", "dog", Filters(excluding=(Filters(kind=Kind.PHOTO),))),
        (
            "-in:Trips -Ext:jpg type:photo",
            "",
            Filters(
                kind=Kind.PHOTO,
                excluding=(Filters(folder_words=("Trips",)), Filters(extensions=("jpg",))),
            ),
        ),
        ("dog -type:banana", "dog", Filters(without=("type:banana",))),
        ('dog -colour:"dark red"', "dog", Filters(without=('colour:"dark red"',))),
        ("type：photo 照片", "照片", Filters(kind=Kind.PHOTO)),
        ('half "open', "half open", Filters()),
        ("the", "", Filters()),
        ("是的 type:photo", "是的", Filters(kind=Kind.PHOTO)),
        ("的", "", Filters()),
        ("- $ !？", "", Filters()),
        ("the 🐶", "the 🐶", Filters()),
    ],
)
def test_queries_are_taken_apart(text: str, words: str, filters: Filters) -> None:
    parsed = parse(Query(text=text))
    assert (parsed.words, parsed.filters) == (words, filters)


@pytest.mark.parametrize(
    ("text", "no_filters"),
    [
        ("type:photo in:Trips iso:800 -tag:sea dog", ()),
        ("tags:flower before:2000-02-30 dog", ("tags:flower", "before:2000-02-30")),
        ('Type：banana -colour:"dark red"', ("Type：banana", '-colour:"dark red"')),
        ("12:30 https://example.org C:\\Users 时间：三点 note: milk", ()),
    ],
)
def test_what_looks_like_a_filter_and_is_none_is_named(text: str, no_filters: tuple) -> None:
    assert parse(Query(text=text)).no_filters == no_filters


@given(st.text())
def test_no_text_is_a_syntax_error(text: str) -> None:
    parse(Query(text=text))
