"""Building a vocabulary of English and Chinese from small ones."""

from __future__ import annotations

import bz2
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.models.wordpiece import HAN_MARK, WordPieces
from engine.training.networks import vocabulary

LATIN = ["[", "!", "dog", "ca", "##t", "12", "##fé", "—", "the"]
OTHERS = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "猫", "##猫", "ж", "の", "。"]
TEXTS = ["一只狗在雪地", "一只猫，一只狗", "雪地", "雪地里a狗"]


def base(pieces: list[str]) -> bytes:
    """A tokenizer.json as BERT's is, of these pieces."""
    special = [piece for piece in pieces if piece.startswith("[") and len(piece) > 1]
    return json.dumps(
        {
            "version": "1.0",
            "truncation": {
                "direction": "Right",
                "max_length": 4,
                "strategy": "LongestFirst",
                "stride": 0,
            },
            "padding": None,
            "added_tokens": [
                {
                    "id": pieces.index(piece),
                    "content": piece,
                    "special": True,
                    "single_word": False,
                    "lstrip": False,
                    "rstrip": False,
                    "normalized": False,
                }
                for piece in special
            ],
            "normalizer": {
                "type": "BertNormalizer",
                "clean_text": True,
                "handle_chinese_chars": True,
                "strip_accents": None,
                "lowercase": True,
            },
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": None,
            "decoder": None,
            "model": {
                "type": "WordPiece",
                "unk_token": "[UNK]",
                "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100,
                "vocab": {piece: number for number, piece in enumerate(pieces)},
            },
        }
    ).encode()


BERT = base([OTHERS[0], *LATIN[:4], *OTHERS[1:], *LATIN[4:]])


def test_the_pieces_come_in_a_fixed_order() -> None:
    built = vocabulary.read(vocabulary.build(BERT, TEXTS, {"雪", "龟"}))
    assert built.pieces == (
        *("[PAD]", "[UNK]"),
        *LATIN,
        HAN_MARK,
        *"一只在地狗猫里雪龟",
        *("一只", "雪地"),
    )
    assert [built.pieces[number] for number in built.latin] == LATIN
    assert "".join(built.pieces[number] for number in built.characters) == "一只在地狗猫里雪龟"
    assert [built.pieces[number] for number in built.bigrams] == ["一只", "雪地"]


def test_only_the_commonest_pairs_become_pieces() -> None:
    built = vocabulary.read(vocabulary.build(BERT, [*TEXTS, "雪地"], (), bigrams=1))
    assert [built.pieces[number] for number in built.bigrams] == ["雪地"]
    assert not vocabulary.read(vocabulary.build(BERT, TEXTS[2:], ())).bigrams


@given(st.permutations(TEXTS), st.permutations("雪龟狗"))
def test_the_order_of_the_input_does_not_matter(texts: list[str], glossed: list[str]) -> None:
    assert vocabulary.build(BERT, texts, glossed) == vocabulary.build(BERT, TEXTS, "雪龟狗")


def test_a_traditional_character_is_its_simplified_form() -> None:
    built = vocabulary.build(
        BERT, TEXTS, {"龟", "着"}, variants={"貓": {"猫"}, "隻": {"只"}, "龜": {"龟"}, "馬": {"马"}}
    )
    words = WordPieces(built)
    assert words.ids("一隻貓龜") == words.ids("一只猫龟")
    assert words.unknown_words("馬") == ("馬",)
    assert len(vocabulary.read(built).pieces) == len(
        vocabulary.read(vocabulary.build(BERT, TEXTS, {"龟", "着"})).pieces
    )


def test_a_character_that_the_texts_use_stays_what_it_is() -> None:
    variants = {"著": {"着"}, "乾": {"干"}}
    words = WordPieces(vocabulary.build(BERT, ["著名", "穿着"], "乾干", variants=variants))
    assert words.ids("著") != words.ids("着")
    assert words.ids("乾") == words.ids("干")


def test_of_several_simplified_forms_the_commonest_is_taken() -> None:
    variants = {"餘": {"余", "馀"}}
    words = WordPieces(vocabulary.build(BERT, ["余", "馀余"], (), variants=variants))
    assert words.ids("餘") == words.ids("余")


@pytest.fixture
def unihan(tmp_path: Path) -> Path:
    lines = [
        "# Unihan",
        "U+72D7\tkDefinition\tdog",
        "U+72D7\tkMandarin\tgǒu",
        "U+8C93\tkDefinition\tcat (not of GB 2312)",
        "U+8C93\tkSimplifiedVariant\tU+732B",
        "U+9918\tkSimplifiedVariant\tU+4F59 U+9980",
        "U+88CF\tkSimplifiedVariant\tU+88CF U+91CC",
        "U+53F0\tkSimplifiedVariant\tU+53F0",
        "U+6DE8\tkSemanticVariant\tU+51C8<kLau,kMatthews",
        "U+51C8\tkSimplifiedVariant\tU+51C0",
        "U+59B3\tkSemanticVariant\tU+5976<kFenn",
    ]
    file = tmp_path / "Unihan.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_unihan_tells_the_characters_and_their_simplified_forms(unihan: Path) -> None:
    assert vocabulary.read_glossed(unihan) == {"狗"}
    assert vocabulary.read_variants(unihan) == {
        "貓": {"猫"},
        "餘": {"余", "馀"},
        "裏": {"里"},
        "凈": {"净"},
        "淨": {"凈", "净"},
    }


def test_unihan_may_be_packed(unihan: Path) -> None:
    packed = unihan.with_suffix(".txt.bz2")
    packed.write_bytes(bz2.compress(unihan.read_bytes()))
    assert vocabulary.read_variants(packed) == vocabulary.read_variants(unihan)


@pytest.mark.parametrize("name", ["missing.txt", "broken.txt.bz2"])
def test_an_unreadable_unihan_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.txt.bz2").write_bytes(b"nonsense")
    with pytest.raises(RecipeError) as caught:
        vocabulary.read_glossed(tmp_path / name)
    assert caught.value.path == tmp_path / name


@pytest.mark.parametrize("contents", [b"nonsense", b"[]", b"{}", b'{"model": {"type": "BPE"}}'])
def test_a_base_of_another_kind_is_refused(contents: bytes) -> None:
    with pytest.raises(RecipeError, match="word pieces"):
        vocabulary.build(contents, TEXTS, ())
