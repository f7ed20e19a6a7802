from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import webpage
from engine.readings import DateSource, PixelSpec, Reading, SkipReason

SPEC = PixelSpec(8, squash=True)


def saved(path: Path, html: str) -> Path:
    """A page as Chrome saves it, with a style sheet and a picture."""
    page = EmailMessage()
    page["From"] = "<Saved by Blink>"
    page["Snapshot-Content-Location"] = "https://example.org/harbour"
    page["Subject"] = "港口: when boats leave"
    page["Date"] = "Sat, 13 Apr 2024 20:36:30 -0000"
    page.set_content(html, subtype="html", cte="quoted-printable")
    page.add_related("p { color: red }", subtype="css", cid="<style@x>")
    page.add_related(b"\x89PNG" * 9000, "image", "png", cid="<picture@x>")
    path.write_bytes(page.as_bytes())
    return path


def test_a_saved_page_is_its_text_title_and_date(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.mhtml", "<script>no()</script><p>The boat leaves</p><p>at nine.</p>")
    reading = webpage.read(path, SPEC)
    assert [passage.text for passage in reading.passages] == ["The boat leaves\n\nat nine."]
    assert reading.details.title == "港口: when boats leave"
    assert reading.details.author is None
    assert reading.details.taken_at is not None
    assert reading.details.taken_at.replace(tzinfo=UTC) == datetime(
        2024, 4, 13, 20, 36, 30, tzinfo=UTC
    )
    assert reading.details.taken_from is DateSource.DOCUMENT


@pytest.mark.parametrize("name", ["a.mht", "a.MHTML", "a.html"])
def test_a_saved_page_is_known_by_its_name_or_how_it_begins(tmp_path: Path, name: str) -> None:
    outcome = registry.read(saved(tmp_path / name, "<p>The boat leaves at nine.</p>"), SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.reader == "web page"


@pytest.mark.parametrize("data", [b"The boat leaves at nine.", bytes(range(256)) * 30])
def test_what_is_no_saved_page_says_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mht").write_bytes(data)
    with pytest.raises(NotReadableError) as caught:
        webpage.read(tmp_path / "a.mht", SPEC)
    assert caught.value.failure.reason is SkipReason.WRONG_TYPE


def test_a_page_without_words_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotReadableError) as caught:
        webpage.read(saved(tmp_path / "a.mht", "<img src='cid:picture@x'>"), SPEC)
    assert caught.value.failure.reason is SkipReason.NO_TEXT


def test_a_page_that_is_too_large_says_what_to_do(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(webpage, "MOST_BYTES", 100)
    with pytest.raises(NotReadableError) as caught:
        webpage.read(saved(tmp_path / "a.mht", "<p>Words</p>"), SPEC)
    assert caught.value.failure.reason is SkipReason.TOO_LARGE
