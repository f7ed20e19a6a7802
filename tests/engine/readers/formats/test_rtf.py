import time
from datetime import datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import rtf
from engine.readings import PixelSpec, SkipReason

SPEC = PixelSpec(8, squash=True)


def written(path: Path, body: str | bytes) -> Path:
    data = body if isinstance(body, bytes) else body.encode("latin-1")
    path.write_bytes(b"{\\rtf1\\ansi\\ansicpg1252 " + data + b"}")
    return path


def text(path: Path) -> str:
    return "\n".join(passage.text for passage in rtf.read(path, SPEC).passages)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Red \\b so\\b0 up\\par Beet\\tab 2", "Red soup\nBeet\t2"),
        ("Z\\'e4hler \\u21271?\\u20140?", "Zähler 北京"),
        ("smile \\u-10179?\\u-8704?", "smile \U0001f600"),
        ("Z\xe4hler", "Zähler"),
        ("a{\\*\\generator hidden}b{\\fonttbl{\\f0 Arial;}}c", "abc"),
        ('{\\field{\\*\\fldinst{HYPERLINK "http://a.example"}}{\\fldrslt here}} more', None),
    ],
)
def test_words_are_those_that_a_reader_sees(
    tmp_path: Path, body: str, expected: str | None
) -> None:
    found = text(written(tmp_path / "a.rtf", body))
    if expected is None:
        assert "here" in found
        assert "more" in found
        assert "HYPERLINK" not in found
    else:
        assert found == expected


def test_bytes_are_read_in_the_font_s_code_page(tmp_path: Path) -> None:
    body = (
        "{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}}\\f1 \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2"
    )
    assert text(written(tmp_path / "a.rtf", body)) == "Привет"


def test_details_are_what_the_document_says_of_itself(tmp_path: Path) -> None:
    body = (
        "{\\info{\\title The \\'84lease\\'93}{\\author Ada Winter}"
        "{\\creatim\\yr2021\\mo3\\dy4\\hr5\\min6}{\\revtim\\yr2022\\mo1\\dy1}}words"
    )
    details = rtf.read(written(tmp_path / "a.rtf", body), SPEC).details
    assert details.title == "The \u201elease\u201c"
    assert details.author == "Ada Winter"
    assert details.taken_at == datetime(2021, 3, 4, 5, 6)


@pytest.mark.parametrize("is_binary", [True, False])
def test_pictures_cost_no_time(tmp_path: Path, is_binary: bool) -> None:
    size = 8_000_000
    picture = b"\\bin%d " % size + b"}\x00" * (size // 2) if is_binary else b"89ab\n" * (size // 4)
    path = written(tmp_path / "a.rtf", b"before {\\pict\\pngblip " + picture + b"}after")
    started = time.monotonic()
    assert text(path) == "before after"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("body", "reason"),
    [("", SkipReason.NO_TEXT), ("{\\pict 00}", SkipReason.NO_TEXT)],
)
def test_what_has_no_words_is_told(tmp_path: Path, body: str, reason: SkipReason) -> None:
    with pytest.raises(NotReadableError) as caught:
        rtf.read(written(tmp_path / "a.rtf", body), SPEC)
    assert caught.value.failure.reason is reason


def test_what_is_too_long_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(rtf, "MOST_TEXT_BYTES", 1000)
    with pytest.raises(NotReadableError) as caught:
        rtf.read(written(tmp_path / "a.rtf", "word " * 300), SPEC)
    assert caught.value.failure.reason is SkipReason.TOO_LARGE


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("testRTFWord2010CzechCharacters.rtf", "starověké židovské náboženské texty"),
        ("testRTFWordPadCzechCharacters.rtf", "Svitky od Mrtvého moře"),
        ("testRTF_annotation_spacing.rtf", "supercalifragilistic"),
        ("testFontAfterBufferedText.rtf", "Уважаемый клиент!"),
        ("testRTF_parInsideHyperlink.rtf", "line2"),
    ],
)
def test_real_documents_give_their_words(samples: Path, name: str, words: str) -> None:
    assert words in text(samples / "documents" / name)
