import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.texts import escapes


@pytest.mark.parametrize(
    "words", ["Jürgen Müller", "北京", "🎉 party", "first\nsecond\tthird", 'a "b"']
)
def test_words_in_json_are_as_people_search_for_them(words: str) -> None:
    assert words in escapes.of_json(json.dumps({"name": words}))


def test_half_a_character_and_none_are_no_text() -> None:
    assert escapes.of_json(r"a\ud83d b\u0000c") == "a\ufffd b c"
    assert escapes.of_json(r"C:\\new") == r"C:\new"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_json_without_escapes_says_the_same(words: str) -> None:
    assert escapes.of_json(json.dumps(words)) == f'"{words}"'


def test_cards_of_older_phones_are_read() -> None:
    card = (
        "BEGIN:VCARD\nVERSION:2.1\n"
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E7=8E=8B=\n=E5=B0=8F=E6=98=8E\n"
        "ADR;HOME;QUOTED-PRINTABLE;CHARSET=iso-8859-1:;;K=F6nigstra=DFe 1\nEND:VCARD"
    )
    lines = escapes.of_cards(card).split("\n")
    assert lines[2].endswith(":王小明")
    assert lines[3].endswith(":;;Königstraße 1")
    assert lines[4] == "END:VCARD"


def test_lines_of_calendars_are_whole() -> None:
    event = "SUMMARY:Dentist\\, with the wr\n iter\nDESCRIPTION:First.\\nThen more.\nEND:VEVENT"
    assert escapes.of_cards(event) == (
        "SUMMARY:Dentist, with the writer\nDESCRIPTION:First.\nThen more.\nEND:VEVENT"
    )


@pytest.mark.parametrize(
    "film",
    [
        "1\n00:00:01,000 --> 00:00:02,500\n<i>The boat</i> leaves\nat 9.\n\n"
        "2\n00:00:03,000 --> 00:00:04,000 X1:40\n{\\an8}1984\n",
        "WEBVTT - Harbour\n\n00:01.000 --> 00:02.500 align:start\n<v Ada>The boat leaves\nat 9.\n\n"
        "second\n00:00:03.000 --> 00:00:04.000\n<c.loud>1984</c>\n",
    ],
)
def test_of_subtitles_the_words_are_read(film: str) -> None:
    assert escapes.of_subtitles(film).split() == ["The", "boat", "leaves", "at", "9.", "1984"]


def test_of_a_notebook_the_cells_are_read() -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Über uns\n", "We count birds."]},
        {
            "cell_type": "code",
            "source": "print(birds)",
            "outputs": [
                {"output_type": "stream", "text": ["Möwe\n"]},
                {"data": {"text/plain": ["42"], "image/png": "iVBORw0"}},
                {"data": {"image/png": "iVBORw0"}},
            ],
        },
        {"cell_type": "raw", "source": 7, "outputs": 7},
    ]
    said = escapes.of_notebook(json.dumps({"cells": cells, "nbformat": 4}))
    assert said == "# Über uns\nWe count birds.\n\nprint(birds)\n\nMöwe\n\n42"


@pytest.mark.parametrize("text", ["no JSON", "[1, 2]", '{"cells": 3}', "[" * 200_000])
def test_what_is_no_notebook_is_told(text: str) -> None:
    assert escapes.of_notebook(text) is None
