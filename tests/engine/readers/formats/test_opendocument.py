from datetime import datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import epub, opendocument
from engine.readings import WHOLE, PixelSpec, SkipReason, Spot
from tests.engine.readers.formats.office_files import ODF, odf, package, png

SPEC = PixelSpec(32, squash=True)


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        opendocument.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def found(path: Path) -> list[tuple[int | None, str, str]]:
    return [(p.page, p.section, p.text) for p in opendocument.read(path, SPEC).passages]


def test_a_text_has_its_headings_spaces_and_tables(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    path = odf(
        tmp_path / "a.odt",
        "text",
        "<text:h>Red <text:span>so</text:span>up</text:h>"
        "<text:p>Beet<text:s text:c='2'/>root<text:tab/>2<text:line-break/>Salt</text:p>"
        "<table:table table:name='T'><table:table-row>"
        f"{cell.format('Rent')}{cell.format('900')}</table:table-row></table:table>"
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        "<text:p>End</text:p>",
    )
    assert found(path) == [(None, "", "Red soup\nBeet  root\t2\nSalt\nRent\t900\nEnd")]


def test_each_sheet_is_a_section(tmp_path: Path) -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f"<table:table-row>{cell}</table:table-row>"
    sheet = "<table:table table:name='{}'>{}</table:table>"
    path = odf(
        tmp_path / "a.ods",
        "spreadsheet",
        sheet.format("Rent", row.format("900 €") + row.format("04.03.2021"))
        + sheet.format("北京", row.format("长城")),
    )
    assert found(path) == [(None, "Rent", "Rent\n900 €\n04.03.2021"), (None, "北京", "北京\n长城")]


def test_each_slide_is_a_page_with_its_notes(tmp_path: Path) -> None:
    notes = "<presentation:notes><text:p>{}</text:p></presentation:notes>"
    page = f"<draw:page><text:p>{{}}</text:p>{notes}</draw:page>"
    path = odf(
        tmp_path / "a.odp", "presentation", page.format("One", "say it") + page.format("Two", "")
    )
    assert found(path) == [(1, "", "One\nsay it"), (2, "", "Two")]


def test_headers_of_pages_stand_in_a_section_of_their_own(tmp_path: Path) -> None:
    styles = (
        f"<office:document-styles {ODF}><office:styles><text:p>never seen</text:p></office:styles>"
        "<office:master-styles><style:master-page><style:header><text:p>Letterhead</text:p>"
        "</style:header></style:master-page></office:master-styles></office:document-styles>"
    )
    path = odf(tmp_path / "a.odt", "text", "<text:p>Words</text:p>", **{"styles.xml": styles})
    assert found(path) == [(None, "", "Words"), (None, "Headers and footers", "Letterhead")]


def test_numbers_of_pages_are_no_words_of_a_document(tmp_path: Path) -> None:
    number, count = "<text:page-number>1</text:page-number>", "<text:page-count>9</text:page-count>"
    styles = (
        f"<office:document-styles {ODF}><office:master-styles><style:master-page><style:header>"
        "<text:p><text:sheet-name>???</text:sheet-name> (<text:title>???</text:title>)</text:p>"
        "<text:p><text:date>1/2/2021</text:date>, <text:time>11:13</text:time></text:p>"
        f"<text:p>Page {number} / {count}</text:p><text:p>The annual report, {number}</text:p>"
        "</style:header></style:master-page></office:master-styles></office:document-styles>"
    )
    path = odf(tmp_path / "a.odt", "text", "<text:p>Words</text:p>", **{"styles.xml": styles})
    assert found(path) == [(None, "", "Words"), (None, "Headers and footers", "The annual report,")]


def test_details_and_preview_are_those_of_the_document(tmp_path: Path) -> None:
    meta = (
        f"<office:document-meta {ODF} xmlns:dc='dc'><office:meta><dc:title>The lease</dc:title>"
        "<meta:initial-creator>Ada Winter</meta:initial-creator><dc:creator>Bo</dc:creator>"
        "<meta:creation-date>2021-03-04T05:06:07.5</meta:creation-date>"
        "<meta:keyword>rent</meta:keyword><meta:keyword>flat</meta:keyword>"
        "<meta:document-statistic meta:page-count='3'/></office:meta></office:document-meta>"
    )
    path = odf(
        tmp_path / "a.odt",
        "text",
        "<text:p>Words</text:p>",
        **{"meta.xml": meta, "Thumbnails/thumbnail.png": png("blue")},
    )
    reading = opendocument.read(path, SPEC)
    details = reading.details
    assert (details.title, details.author, details.pages) == ("The lease", "Ada Winter", 3)
    assert details.taken_at == datetime(2021, 3, 4, 5, 6, 7, 500_000)
    assert details.keywords == ("rent", "flat")
    assert [picture.spot for picture in reading.pictures] == [Spot(page=1)]
    assert opendocument.picture(path, WHOLE, 60).size == (60, 40)


def test_a_password_is_said_to_be_asked_for(tmp_path: Path) -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    path = odf(tmp_path / "a.odt", "text", "", **{"META-INF/manifest.xml": manifest})
    assert refused(path) is SkipReason.ENCRYPTED


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    assert refused(odf(tmp_path / "a.odt", "text", "")) is SkipReason.NO_TEXT
    assert refused(odf(tmp_path / "b.odt", "text", "<text:p>cut")) is SkipReason.CORRUPT
    assert refused(package(tmp_path / "c.odt", {"mimetype": "x"})) is SkipReason.CORRUPT
    bomb = odf(tmp_path / "d.odt", "text", " " * 30_000_000)
    assert refused(bomb) is SkipReason.TOO_LARGE


def test_a_document_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    path = odf(tmp_path / "a.zip", "text", "")
    assert opendocument.probe(path)
    assert not epub.probe(path)
    assert not opendocument.probe(package(tmp_path / "b.zip", {"content.xml": "<a/>"}))


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        ("test-columnar.ods", (None, "testing"), "Square of the Record Number"),
        ("testFooter.odt", (None, "Headers and footers"), "Here is footer text"),
        ("testODP_NPE.odp", (2, ""), "sociology"),
        ("testODTStyles2.odt", (None, ""), "Onbekwaamverklaring"),
        ("LibreOfficeImpress_odp_1.3.odp", (1, ""), "example Impress file"),
    ],
)
def test_real_documents_give_their_words(
    samples: Path, name: str, where: tuple[int | None, str], words: str
) -> None:
    reading = opendocument.read(samples / "documents" / name, SPEC)
    assert any(words in p.text for p in reading.passages if (p.page, p.section) == where)
    assert len(reading.pictures) == 1
