from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.packages import office
from engine.readings import SkipReason
from tests.engine.readers.formats.office_files import package, relations


def test_parts_are_found_whatever_the_case_and_the_slashes_of_their_names(tmp_path: Path) -> None:
    path = package(tmp_path / "a.docx", {"Word\\Document.XML": b"<a/>"})
    with office.opened(path) as opened:
        assert "word/document.xml" in opened
        assert opened.data("WORD/document.xml") == b"<a/>"
        assert opened.data("word/other.xml") is None


def test_parts_are_ordered_by_their_numbers(tmp_path: Path) -> None:
    names = ["xl/c10.xml", "xl/c2.xml", "xl/c1.xml", "xl/d1.xml"]
    with office.opened(package(tmp_path / "a.xlsx", dict.fromkeys(names, "x"))) as opened:
        assert opened.names(r"xl/c\d+\.xml") == ["xl/c1.xml", "xl/c2.xml", "xl/c10.xml"]


def test_relations_lead_to_parts_inside_and_nowhere_else(tmp_path: Path) -> None:
    listed = relations(("chart", "../charts/c.xml"), ("chart", "/top.xml"), ("notes", "gone.xml"))
    outside = (
        '<Relationship Id="x" Type="t/chart" TargetMode="External" Target="http://a.example"/>'
    )
    listed = listed.replace("</Relationships>", f"{outside}</Relationships>")
    parts = {"p/s/_rels/a.xml.rels": listed, "p/s/a.xml": "", "p/charts/c.xml": "", "top.xml": ""}
    with office.opened(package(tmp_path / "a.pptx", parts)) as opened:
        assert opened.related("p/s/a.xml", "chart") == ["p/charts/c.xml", "top.xml"]
        assert opened.related("p/s/a.xml", "notes") == []
        assert "x" not in opened.relations("p/s/a.xml")
        assert opened.relations("p/charts/c.xml") == {}


def test_a_part_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (
        office.opened(package(tmp_path / "a.docx", {"a": "abcdefgh" * 100})) as opened,
        pytest.raises(NotReadableError) as caught,
    ):
        opened.data("a", 100)
    assert caught.value.failure.reason is SkipReason.TOO_LARGE


def test_too_many_parts_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(office, "MOST_PARTS", 2)
    path = package(tmp_path / "a.docx", dict.fromkeys("abc", ""))
    with pytest.raises(NotReadableError) as caught, office.opened(path):
        pass
    assert caught.value.failure.reason is SkipReason.TOO_LARGE


@pytest.mark.parametrize(
    ("written", "keywords"),
    [("a, b ;c", ("a", "b", "c")), ("北京，长城", ("北京", "长城")), (" ,", ()), (None, ())],
)
def test_keywords_are_set_apart(written: str | None, keywords: tuple[str, ...]) -> None:
    assert office.keywords(written) == keywords
