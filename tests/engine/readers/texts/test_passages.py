import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.readers.texts import passages

PIECES = st.sampled_from(
    [
        "The tenant pays. ",
        "word ",
        "我们去年秋天在北京看了长城。",
        "ありがとう",
        "한국어 ",
        "\n",
        "\n\n",
        "\r\n",
        *("👩‍🚀", "🇨🇳", "e\u0301", "\u200b", "\t", "𠀀", "x" * 700, "# Title\n"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(PIECES | st.text(max_size=5), st.integers(1, 150)), max_size=12))
def test_long_texts_of_any_script_have_exact_offsets(parts: list[tuple[str, int]]) -> None:
    written = "".join(piece * times for piece, times in parts)
    found = list(passages.split(written))
    for passage in found:
        assert written[passage.start : passage.end] == passage.text
        assert 0 < len(passage.text) <= passages.PASSAGE_CHARS[1]
    assert all(a.end <= b.start for a, b in pairwise(found))
    # Only white space falls between passages.
    edges = [0, *(edge for p in found for edge in (p.start, p.end)), len(written)]
    assert not "".join(written[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)).strip()


def test_chinese_passages_are_shorter_than_english_ones() -> None:
    chinese = list(passages.split("我们去年秋天在北京看了长城，天气很好。" * 200))
    assert all(len(p.text) <= passages.DENSE_PASSAGE_CHARS[1] for p in chinese)
    assert all(p.text.endswith("。") for p in chinese)


def test_each_part_of_a_text_of_two_languages_is_split_as_its_own_asks() -> None:
    english = "The tenant pays the rent on the third day of the month. " * 200
    found = list(passages.split(english + "我们去年秋天在北京看了长城。" * 800))
    assert len(found[0].text) > passages.DENSE_PASSAGE_CHARS[1]
    assert len(found[-2].text) <= passages.DENSE_PASSAGE_CHARS[1]


@pytest.mark.parametrize(
    "piece", ["x", "word ", "2026-11-21 INFO handled request in 7 ms\n", "去年秋天在北京", "\n"]
)
def test_five_megabytes_take_seconds_at_most_and_are_bounded(piece: str) -> None:
    written = piece * (5_000_000 // len(piece.encode()))
    started = time.monotonic()
    assert len(list(passages.split(written))) <= passages.MOST_PASSAGES
    assert time.monotonic() - started < 15


def test_passages_of_parts_carry_their_page_and_section_and_count_over_all_parts() -> None:
    parts = [
        passages.Part("The tenant pays. " * 60, page=1),
        passages.Part("", page=2),
        passages.Part("我们去年秋天在北京看了长城。", page=3, section="北京"),
    ]
    found = list(passages.split_parts(parts))
    whole = passages.BETWEEN_PARTS.join(part.text for part in parts)
    assert all(whole[p.start : p.end] == p.text for p in found)
    assert len(found) > 2
    assert {(p.page, p.section) for p in found} == {(1, ""), (3, "北京")}


def test_a_soft_hyphen_parts_no_word() -> None:
    parts = [passages.Part("Donau\u00addampf\u00adschiff"), passages.Part("word\ufeff—word")]
    found = list(passages.split_parts(parts))
    assert [passage.text for passage in found] == ["Donaudampfschiff", "word—word"]
    assert [(passage.start, passage.end) for passage in found] == [(0, 16), (18, 27)]
