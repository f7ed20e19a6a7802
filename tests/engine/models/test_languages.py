"""Languages that a model does not know, told by their script."""

from __future__ import annotations

import pytest

from engine.models.languages import unknown_language


@pytest.mark.parametrize(
    ("query", "languages", "expected"),
    [
        ("雪地里的猫", ["en"], "Chinese"),
        ("雪地里的猫", ["en", "zh"], None),
        ("雪地里的猫", ["en", "zh-Hans"], None),
        ("ねこ", ["en", "zh"], "Japanese"),
        ("雪の中の猫", ["en", "zh"], "Japanese"),
        ("猫", ["en", "ja"], None),
        ("고양이", ["en"], "Korean"),
        ("кошка на снегу", ["en"], "Cyrillic script"),
        ("кошка на снегу", ["uk"], None),
        ("قطة", ["en"], "Arabic script"),
        ("बिल्ली", ["en"], "Devanagari script"),
        ("γάτα", ["en"], "Greek"),
        ("แมว", ["en"], "Thai"),
        ("a cat in the snow", ["zh"], None),
        ("Katze im Schnee", ["en"], None),
        ("iPhone 猫", ["en"], None),
        ("猫猫猫猫猫猫 cat", ["en"], "Chinese"),
        ("π day", ["en"], None),
        ("2023 🎉 !?", ["en"], None),
        ("", ["en"], None),
    ],
)
def test_a_query_in_an_unknown_script_is_named(query, languages, expected):
    assert unknown_language(query, languages) == expected


@pytest.mark.parametrize("languages", [[], ["100+"], ["mul"], ["en", "multilingual"]])
def test_nothing_is_said_where_the_card_does_not_say_or_knows_many(languages):
    assert unknown_language("кошка", languages) is None
