"""From texts to ids, with the shipped vocabulary and with one that learnt Chinese."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.models.starter import starter_folder
from engine.models.wordpiece import WordPieces
from engine.training.networks import vocabulary

CHARACTERS = "一只狗猫在雪地里跑着女孩"
TEXTS = [
    "一只狗在雪地里跑着",
    "一只猫在雪地里",
    "一只女孩，雪地里",
    "女孩在雪地",
    "女孩跑着",
    "跑着",
]
SHIPPED = (starter_folder() / "tokenizer.json").read_bytes()
BUILT = vocabulary.build(SHIPPED, TEXTS, (), variants={"貓": {"猫"}, "隻": {"只"}, "著": {"着"}})

both = WordPieces(BUILT)
english = WordPieces(BUILT.replace(b'"[HAN]"', b'"[unused0]"'))
"""As the vocabulary of BERT: it holds Chinese characters that were never learnt."""
pieces = vocabulary.read(BUILT).pieces

chinese_texts = st.text(CHARACTERS)
latin_texts = st.text(string.ascii_letters + string.digits + " ,.'é")


def spelt(words: WordPieces, text: str) -> list[str]:
    return [pieces[number] for number in words.ids(text)]


def test_a_pair_of_characters_stands_between_the_two() -> None:
    assert spelt(both, "一只狗") == ["一", "一只", "只", "狗"]
    assert spelt(both, "在雪地里") == ["在", "在雪", "雪", "雪地", "地", "地里", "里"]


def test_a_pair_is_not_seen_across_anything() -> None:
    for between in (" ", "，", "a", "鑫", "の"):
        assert "一只" not in spelt(both, f"一{between}只")


def test_latin_words_within_chinese_are_read_in_their_place() -> None:
    assert spelt(both, "一只dog在跑") == ["一", "一只", "只", "dog", "在", "跑"]
    assert spelt(both, "a 猫 and 狗!") == ["a", "猫", "and", "狗", "!"]


def test_wide_letters_and_digits_are_letters_and_digits() -> None:
    assert spelt(both, "ＤＯＧ１２") == spelt(both, "DOG12")
    assert both.unknown_words("ＤＯＧ１２") == ()


def test_chinese_punctuation_is_neither_read_nor_named() -> None:
    assert both.ids("。，！？、《》「」～…") == both.ids("…")
    assert both.unknown_words("猫。，！？、《》「」～") == ()


def test_traditional_characters_make_the_same_pairs() -> None:
    assert both.ids("一隻貓跑著") == both.ids("一只猫跑着")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("猫 and 🎉 in 雪地", ("🎉",)),
        ("鑫鑫猫鑫", ("鑫鑫", "鑫")),
        ("猫は可愛い", ("は可愛い",)),
        ("한국어 кошка 猫", ("한국어", "кошка")),
        ("猫𠮷", ("𠮷",)),
        ("狗 qwzxk 猫", ("qwzxk",)),
        ("a\udcff猫", ()),
    ],
)
def test_what_is_unknown_beside_chinese_is_named_in_order(
    text: str, unknown: tuple[str, ...]
) -> None:
    assert both.unknown_words(text) == unknown


def test_a_vocabulary_without_the_mark_knows_no_chinese() -> None:
    assert english.ids("猫 dog 雪地") == english.ids("dog")
    assert english.unknown_words("猫 dog 雪地") == ("猫", "雪地")


def test_what_a_person_types_in_brackets_is_a_text() -> None:
    assert spelt(both, "[PAD]") == ["[", "pad", "]"]
    assert both.unknown_words("[UNK] [HAN]") == ()


@pytest.mark.parametrize(
    "text",
    [
        "axolotl samoyed pangolin quokka tzatziki zhangjiajie hangzhou dachshund smörgåsbord",
        "hyena khaki gnaw foal rhythm strengths schnitzel myrrh phlox tofu hajj Kafka",
        "jpg nasa bmw png pdf hdmi hdtv ikea lgbt xyz nth shh psst dvd jpeg mysql nginx",
        "IMG_20230405 DSC0123 x7qz9 sha256 3f9a8c2e 1234567",
        "Crème brûlée, naïve cafe\u0301 Straßenbahn",
    ],
)
def test_real_words_are_known_by_their_pieces(text: str) -> None:
    assert both.unknown_words(text) == ()


@pytest.mark.parametrize(
    "word", ["qwzxk", "asdfghjkl", "sdfkjhsdf", "xkcdqz", "Bzzgrwtk", "a" * 120]
)
def test_a_string_that_is_no_word_is_unknown(word: str) -> None:
    assert both.ids(word) == []
    assert both.unknown_words(f"the {word} dog") == (word,)
    assert both.ids(f"the {word} dog") == both.ids("the dog")


@given(st.lists(chinese_texts | latin_texts))
def test_parts_are_read_as_they_are_alone(parts: list[str]) -> None:
    """Parts with a space between are independent of each other."""
    assert both.ids(" ".join(parts)) == [number for part in parts for number in both.ids(part)]
    unknown = [word for part in parts for word in both.unknown_words(part)]
    assert both.unknown_words(" ".join(parts)) == tuple(unknown)


@given(chinese_texts, st.sampled_from(["dog", "the dog", "12!"]), chinese_texts)
def test_chinese_and_latin_need_no_space_between(before: str, latin: str, after: str) -> None:
    assert both.ids(before + latin + after) == both.ids(f"{before} {latin} {after}")


@given(chinese_texts)
def test_known_chinese_is_read_whole(text: str) -> None:
    assert [piece for piece in spelt(both, text) if len(piece) == 1] == list(text)
    assert both.unknown_words(text) == ()


@given(st.text() | st.text(CHARACTERS + "dog ☂é́の。🎉ж"))
def test_any_text_is_read_with_pieces_of_the_vocabulary(text: str) -> None:
    for words in (both, english):
        assert all(0 < number != 1 for number in words.ids(text))
        assert all(words.unknown_words(text))


@given(st.text())
def test_what_is_not_read_is_named_unless_it_is_a_sign(text: str) -> None:
    if any(character.isalpha() for character in text) and not both.ids(text):
        assert both.unknown_words(text)


@given(st.text(st.characters(categories=("L", "M", "So", "Zs"))))
def test_the_unknown_words_alone_are_unknown(text: str) -> None:
    for word in both.unknown_words(text):
        assert both.ids(word) == []


def test_surrogates_are_not_read() -> None:
    assert both.ids("\ud800dog\udcff") == both.ids("dog")


@pytest.mark.parametrize("contents", [b"nonsense", b"{}", b"\xff"])
def test_a_vocabulary_that_makes_no_sense_is_a_model_error(contents: bytes) -> None:
    with pytest.raises(ModelError, match="not understood"):
        WordPieces(contents)
