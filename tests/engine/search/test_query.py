from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readings import Kind
from engine.records import Filters, Query
from engine.search.query import parse


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
        ("12:30 at https://example.org", "12:30 at https://example.org", Filters()),
        ("type:banana after:soon", "type:banana after:soon", Filters()),
        ("after:2023-13", "after:2023-13", Filters()),
        ('half "open', "half open", Filters()),
    ],
)
def test_queries_are_taken_apart(text: str, words: str, filters: Filters) -> None:
    parsed = parse(Query(text=text))
    assert (parsed.words, parsed.filters) == (words, filters)


@given(st.text())
def test_no_text_is_a_syntax_error(text: str) -> None:
    parse(Query(text=text))
