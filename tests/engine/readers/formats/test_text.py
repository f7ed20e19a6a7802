import base64
import hashlib
import random
import textwrap
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import text
from engine.readers.texts import passages
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason

SPEC = PixelSpec(8, squash=True)
CHINESE = "我们去年秋天在北京看了长城，天气很好，山上的树叶都红了。晚上在胡同里吃了面条。" * 4
JAPANESE = "昨日は友達と一緒に京都の古いお寺を見に行きました。とても静かで美しい場所でした。" * 4
GERMAN = "Die Wohnung wird zum ersten März übergeben; Schlüssel und Zählerstände außerdem. " * 4
RUSSIAN = "Однажды, в студёную зимнюю пору, я из лесу вышел; был сильный мороз. " * 4


def read_text(path: Path) -> str:
    return "".join(passage.text for passage in text.read(path, SPEC).passages)


@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "utf-8-sig"),
        (CHINESE, "utf-16"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift_jis"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
    ],
)
def test_every_usual_encoding_is_told(tmp_path: Path, written: str, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(written.encode(encoding))
    assert read_text(tmp_path / "a.txt").replace("\n", "") in written


@pytest.mark.samples
def test_a_russian_text_of_the_eighties_is_told(samples: Path) -> None:
    assert "сильный мороз" in read_text(samples / "documents" / "russian.cp866.txt")


def test_html_is_its_text_and_title_alone(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>The  garden</title><script>var evil = 1</script></head>"
        "<body><p>Poppies &amp; sage</p><style>p {}</style><p>bloom</p></body></html>"
    )
    reading = text.read(tmp_path / "a.html", SPEC)
    found = read_text(tmp_path / "a.html")
    assert reading.details.title == "The garden"
    assert "Poppies & sage" in found
    assert "bloom" in found
    assert "evil" not in found


def test_html_in_a_declared_encoding_is_read_in_it(tmp_path: Path) -> None:
    body = f'<html><head><meta charset="gb2312"></head><body>{CHINESE}</body></html>'
    (tmp_path / "a.html").write_bytes(body.encode("gb18030"))
    assert "北京" in read_text(tmp_path / "a.html")


def test_the_first_heading_of_markdown_is_its_title(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Intro.\n\n## Red soup ##\n\ntext")
    assert text.read(tmp_path / "a.md", SPEC).details.title == "Red soup"


def test_a_note_is_called_what_it_says_before_its_text(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: Kyoto\ndate: 2023-05-06\n---\n# Day one\nTemples.")
    details = text.read(tmp_path / "a.md", SPEC).details
    assert details.title == "Kyoto"
    assert details.taken_at == datetime(2023, 5, 6)


@given(st.text(max_size=3000))
def test_a_passage_stands_where_it_says(written: str) -> None:
    for passage in passages.split(written):
        assert written[passage.start : passage.end] == passage.text


def test_passages_cover_the_text_in_order() -> None:
    written = "\n\n".join(f"Paragraph {i}. " + "It says something here. " * 20 for i in range(30))
    split = list(passages.split(written))
    assert len(split) > 10
    assert all(len(passage.text) <= passages.PASSAGE_CHARS[1] for passage in split)
    assert all(a.end <= b.start for a, b in pairwise(split))
    assert sum(len(p.text.split()) for p in split) == len(written.split())


def test_passages_end_at_sentences() -> None:
    written = "The tenant pays the rent on the third day of the month. " * 40
    assert all(passage.text.endswith(".") for passage in passages.split(written))


TRADITIONAL = "我們去年秋天在臺北看了故宮，天氣很好，山上的樹葉都紅了。晚上在夜市裡吃了麵條。\n" * 4
KOREAN = (
    "어제 친구와 함께 서울의 오래된 절을 보러 갔습니다. 매우 조용하고 아름다운 곳이었습니다.\n" * 4
)


@pytest.mark.parametrize("copies", [2, 800], ids=["short", "long"])
@pytest.mark.parametrize(
    ("written", "encoding"),
    [
        (CHINESE, "gbk"),
        (CHINESE, "utf-16-le"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL, "utf-16-be"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (JAPANESE, "utf-16-le"),
        (KOREAN, "cp949"),
    ],
)
def test_texts_of_any_length_are_told(
    tmp_path: Path, written: str, encoding: str, copies: int
) -> None:
    lines = (written + "\n") * copies
    (tmp_path / "a.txt").write_bytes(lines.encode(encoding))
    found = read_text(tmp_path / "a.txt")
    assert found.startswith(written[:30])
    assert "\ufffd" not in found


def test_the_encoding_is_told_from_the_lines_that_show_it(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"started ok\n" * 9000 + CHINESE.encode("gbk"))
    assert "北京" in read_text(tmp_path / "a.log")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "word " * 20_000])
def test_one_long_line_beyond_ascii_is_told(tmp_path: Path, before: str) -> None:
    (tmp_path / "a.txt").write_bytes((before + CHINESE * 300).encode("gbk"))
    found = read_text(tmp_path / "a.txt")
    assert found.startswith((before + CHINESE)[:20])
    assert CHINESE[:20] in found


def test_a_long_line_that_is_no_text_is_told_soon(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"ab\x01c" * 1_300_000)
    started = time.monotonic()
    with pytest.raises(NotReadableError):
        text.read(tmp_path / "a.txt", SPEC)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    "declared", ["idna", "hex", "undefined", "punycode", "utf-7", "utf-16", "nonsense", "rot13"]
)
def test_an_absurd_declared_encoding_is_passed_over(tmp_path: Path, declared: str) -> None:
    page = f'<meta charset="{declared}"><p>{GERMAN}</p>'
    (tmp_path / "a.html").write_bytes(page.encode("cp1252"))
    assert "Zählerstände" in read_text(tmp_path / "a.html")


def test_words_run_on_across_inline_elements_and_end_with_blocks(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<p>Pop<b>p</b>ies\n and <i>sage</i></p><div>bloom</div><ul><li>one<li>two</ul>"
        "<table><tr><td>3</td><td>4</td></tr></table><p hidden>secret</p>one<br>more"
    )
    found = read_text(tmp_path / "a.html")
    assert "Poppies and sage\n" in found
    assert "one\ntwo" in found
    assert "3 4" in found
    assert "one\nmore" in found
    assert "secret" not in found


@pytest.mark.parametrize(
    ("name", "written", "title"),
    [
        ("a.md", "```\n# a comment\n```\n\n# Red soup\n", "Red soup"),
        ("a.md", "---\nlayout: page\n---\n# Red soup", "Red soup"),
        ("a.markdown", "Red soup\n========\n\ntext", "Red soup"),
        ("a.md", "no heading\n\n- item\n", None),
        ("a.rst", "========\nRed soup\n========\n\ntext", "Red soup"),
        ("a.rst", "Intro.\n\nRed soup\n--------\n", "Red soup"),
        ("a.rst", "only words\n", None),
        ("a.txt", "# not a heading here\n", None),
    ],
)
def test_the_title_is_the_first_heading(
    tmp_path: Path, name: str, written: str, title: str | None
) -> None:
    (tmp_path / name).write_text(written)
    assert text.read(tmp_path / name, SPEC).details.title == title


def test_offsets_are_those_of_the_extracted_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(("\ufeff" + "A line of a letter.\r\n" * 100).encode("utf-8"))
    extracted = "A line of a letter.\n" * 100
    found = text.read(tmp_path / "a.txt", SPEC).passages
    assert all(extracted[p.start : p.end] == p.text for p in found)


@pytest.mark.parametrize(
    "name", ["a.json", "a.py", "a.yaml", "a.TS", "a.sql", "a.toml", "a.ics", "a.sh", "a.h"]
)
def test_data_code_and_settings_are_read_as_they_stand(tmp_path: Path, name: str) -> None:
    written = '{"tenant": ["pays", "the rent"], "wohnung": "übergeben"}\n'
    (tmp_path / name).write_text(written, encoding="utf-8")
    assert Path(name).suffix.lower() in text.FAMILY.extensions
    reading = text.read(tmp_path / name, SPEC)
    assert [passage.text for passage in reading.passages] == [written.strip()]
    # What names of variables are in is no language.
    assert reading.details.language is None


@pytest.mark.parametrize(
    ("written", "code"),
    [(CHINESE, "zh"), (JAPANESE, "ja"), (GERMAN, "de"), (RUSSIAN, "ru"), ("12.50 EUR", None)],
)
def test_the_language_of_a_text_is_told(tmp_path: Path, written: str, code: str | None) -> None:
    (tmp_path / "a.txt").write_text(written, encoding="utf-8")
    assert text.read(tmp_path / "a.txt", SPEC).details.language == code


PICTURE = base64.b64encode(random.Random(7).randbytes(3000)).decode()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.md", f"The boat leaves.\n\n[image1]: <data:image/png;base64,{PICTURE}>\n\nAt nine."),
        ("a.ipynb", f'{{"a": "The boat leaves.", "image/png": "{PICTURE}\\n", "b": "At nine."}}'),
        (
            "a.vcf",
            "FN:The boat leaves.\nPHOTO;ENCODING=b:\n "
            + "\n ".join(textwrap.wrap(PICTURE, 74))
            + "\nNOTE:At nine.",
        ),
    ],
)
def test_pictures_within_a_text_are_no_words_of_it(tmp_path: Path, name: str, written: str) -> None:
    (tmp_path / name).write_text(written)
    found = read_text(tmp_path / name)
    assert "The boat leaves." in found
    assert "At nine." in found
    assert len(found) < 200


def test_checksums_and_long_addresses_are_read(tmp_path: Path) -> None:
    sums = [hashlib.sha256(bytes([number])).hexdigest() for number in range(9)]
    address = "https://example.org/" + "a-long-name/" * 30
    (tmp_path / "a.txt").write_text("\n".join([*sums, address]))
    found = read_text(tmp_path / "a.txt")
    assert all(each in found for each in sums)
    assert "a-long-name" in found


@pytest.mark.parametrize(
    ("name", "written", "said", "title"),
    [
        ("a.json", r'{"name": "J\u00fcrgen\nM\u00fcller"}', '{"name": "Jürgen\nMüller"}', None),
        ("a.vcf", "FN;QUOTED-PRINTABLE:J=C3=BC\nTEL:1", "FN;QUOTED-PRINTABLE:Jü\nTEL:1", None),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n<i>At nine.</i>", "At nine.", None),
        ("a.ics", "SUMMARY:Tea\\, at n\n ine", "SUMMARY:Tea, at nine", None),
        (
            "a.ipynb",
            '{"cells": [{"source": ["# Birds\\n", "Gulls."]}]}',
            "# Birds\nGulls.",
            "Birds",
        ),
    ],
)
def test_data_are_read_as_they_are_meant(
    tmp_path: Path, name: str, written: str, said: str, title: str | None
) -> None:
    (tmp_path / name).write_text(written)
    reading = text.read(tmp_path / name, SPEC)
    assert [passage.text for passage in reading.passages] == [said]
    assert reading.details.title == title


def test_xml_is_read_in_the_encoding_that_it_declares(tmp_path: Path) -> None:
    written = f"<?xml version='1.0' encoding='koi8-r'?><p>{RUSSIAN}</p>"
    (tmp_path / "a.xml").write_bytes(written.encode("koi8-r"))
    assert "сильный мороз" in read_text(tmp_path / "a.xml")


def test_binary_data_named_like_code_is_of_the_wrong_type(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(NotReadableError) as caught:
        text.read(tmp_path / "a.ts", SPEC)
    assert caught.value.failure.reason is SkipReason.WRONG_TYPE


@pytest.mark.parametrize("name", ["README", "Makefile", "to do"])
def test_a_text_needs_no_extension(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Buy paint for the boat: türkis, two litres.")
    outcome = registry.read(tmp_path / name, SPEC)
    assert isinstance(outcome, Reading)
    assert "türkis" in outcome.passages[0].text


@pytest.mark.parametrize("content", [b"\0\1\2\3", b"\x7fELF and so on", b"SQLite format 3\0 text"])
def test_other_files_without_an_extension_are_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data").write_bytes(content)
    outcome = registry.read(tmp_path / "data", SPEC)
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason is SkipReason.UNSUPPORTED
