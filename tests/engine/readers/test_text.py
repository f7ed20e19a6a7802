from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers import passages, text
from engine.records import PixelSpec

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
    assert reading.title == "The garden"
    assert "Poppies & sage" in found
    assert "bloom" in found
    assert "evil" not in found


def test_html_in_a_declared_encoding_is_read_in_it(tmp_path: Path) -> None:
    body = f'<html><head><meta charset="gb2312"></head><body>{CHINESE}</body></html>'
    (tmp_path / "a.html").write_bytes(body.encode("gb18030"))
    assert "北京" in read_text(tmp_path / "a.html")


def test_the_first_heading_of_markdown_is_its_title(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Intro.\n\n## Red soup ##\n\ntext")
    assert text.read(tmp_path / "a.md", SPEC).title == "Red soup"


@given(st.text(max_size=3000))
def test_a_passage_stands_where_it_says(written: str) -> None:
    for passage in passages.split(written):
        assert written[passage.start : passage.end] == passage.text


def test_passages_cover_the_text_in_order() -> None:
    written = "\n\n".join(f"Paragraph {i}. " + "It says something here. " * 20 for i in range(30))
    split = passages.split(written)
    assert len(split) > 10
    assert all(len(passage.text) <= passages.PASSAGE_CHARS[1] for passage in split)
    assert all(a.end <= b.start for a, b in pairwise(split))
    assert sum(len(p.text.split()) for p in split) == len(written.split())


def test_passages_end_at_sentences() -> None:
    written = "The tenant pays the rent on the third day of the month. " * 40
    assert all(passage.text.endswith(".") for passage in passages.split(written))
