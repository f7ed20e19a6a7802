import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import slides, word
from engine.readings import WHOLE, DateSource, PixelSpec, Reading, SkipReason, Spot
from tests.engine.readers.formats.office_files import (
    CORE,
    W,
    docx,
    jpeg,
    package,
    paragraph,
    png,
)

SPEC = PixelSpec(32, squash=True)


def lines(path: Path) -> list[str]:
    reading = word.read(path, SPEC)
    return "\n".join(passage.text for passage in reading.passages).split("\n")


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        word.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_paragraphs_tabs_and_breaks_stand_apart(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "a.docx",
        paragraph("Red soup")
        + "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>Beet</w:t></w:r>"
        "<w:r><w:t>root</w:t><w:tab/><w:t>2</w:t><w:br/><w:t>Salt</w:t></w:r></w:p>",
    )
    assert lines(path) == ["Red soup", "Beetroot\t2", "Salt"]


def test_a_row_of_a_table_is_a_line(tmp_path: Path) -> None:
    row = "<w:tr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    table = row.format(paragraph("Rent") + paragraph("monthly"), paragraph("900"))
    table += row.format(paragraph("Heating"), paragraph("80"))
    path = docx(tmp_path / "a.docx", f"<w:tbl>{table}</w:tbl>{paragraph('Total')}")
    assert lines(path) == ["Rent monthly\t900", "Heating\t80", "Total"]


def test_what_was_deleted_is_gone_and_what_was_inserted_is_there(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "a.docx",
        "<w:p><w:ins><w:r><w:t>new words</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old words</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved words</w:t></w:r></w:moveFrom></w:p>",
    )
    assert lines(path) == ["new words"]


def test_a_text_box_is_read_once_and_its_picture_by_what_it_shows(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph('in the box')}</w:txbxContent>"
    path = docx(
        tmp_path / "a.docx",
        f"<w:p><w:r><m:AlternateContent xmlns:m='m'><m:Choice>{box}</m:Choice>"
        f"<m:Fallback>{box}</m:Fallback></m:AlternateContent>"
        "<w:drawing><wp:docPr xmlns:wp='wp' descr='A boat at night'/></w:drawing></w:r></w:p>",
    )
    assert lines(path) == ["in the box", "A boat at night"]


def test_notes_comments_and_headers_have_their_sections(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "a.docx",
        paragraph("The text itself."),
        related={
            "header1.xml": ("header", f"<w:hdr {W}>{paragraph('Letterhead')}</w:hdr>"),
            "footnotes.xml": (
                "footnotes",
                f"<w:footnotes {W}>{paragraph('See below.')}</w:footnotes>",
            ),
            "comments.xml": ("comments", f"<w:comments {W}>{paragraph('Really?')}</w:comments>"),
            "other.html": ("aFChunk", b"<p>Pasted <b>page</b></p>"),
        },
    )
    found = {passage.section: passage.text for passage in word.read(path, SPEC).passages}
    assert found["Footnotes"] == "See below."
    assert found["Comments"] == "Really?"
    assert found["Headers"] == "Letterhead"
    assert found[""] == "Pasted page"
    assert "The text itself." in lines(path)


def test_a_damaged_part_beside_the_text_is_left_out(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "a.docx",
        paragraph("The text itself."),
        related={"footnotes.xml": ("footnotes", f"<w:footnotes {W}><cut")},
    )
    assert lines(path) == ["The text itself."]


def test_pages_are_those_that_word_last_made(tmp_path: Path) -> None:
    broken = "<w:p><w:r><w:lastRenderedPageBreak/><w:t>second page</w:t></w:r></w:p>"
    path = docx(tmp_path / "a.docx", paragraph("first page") + broken)
    found = word.read(path, SPEC).passages
    assert [(p.text, p.page) for p in found] == [("first page", 1), ("second page", 2)]
    whole = word.read(docx(tmp_path / "b.docx", paragraph("no marks")), SPEC)
    assert [passage.page for passage in whole.passages] == [None]


def test_details_are_what_the_document_says_of_itself(tmp_path: Path) -> None:
    app = "<Properties><Pages>7</Pages></Properties>"
    path = docx(
        tmp_path / "a.docx",
        paragraph("Die Wohnung wird zum ersten März übergeben, und die Schlüssel auch."),
        **{"docProps/core.xml": CORE.format(title="The lease"), "docProps/app.xml": app},
    )
    details = word.read(path, SPEC).details
    assert (details.title, details.author, details.pages) == ("The lease", "Ada Winter", 7)
    assert details.taken_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert details.taken_from is DateSource.DOCUMENT
    assert details.keywords == ("rent", "lease", "flat")
    assert details.language == "de"


@pytest.mark.parametrize("core", ["<broken", "<a>&x;</a>", CORE.format(title="Document1")])
def test_properties_that_say_nothing_do_no_harm(tmp_path: Path, core: str) -> None:
    path = docx(tmp_path / "a.docx", paragraph("words"), **{"docProps/core.xml": core})
    reading = word.read(path, SPEC)
    assert reading.details.title is None
    assert reading.passages


def test_the_preview_in_a_document_is_its_first_page(tmp_path: Path) -> None:
    path = docx(tmp_path / "a.docx", paragraph("words"), **{"docProps/thumbnail.jpeg": jpeg("red")})
    (picture,) = word.read(path, SPEC).pictures
    assert picture.spot == Spot(page=1)
    assert picture.pixels.shape == (32, 32, 3)
    assert picture.pixels[16, 16].tolist() == pytest.approx([254, 0, 0], abs=2)
    assert word.picture(path, WHOLE, 60).size == (60, 40)


@pytest.mark.parametrize("thumbnail", [b"", b"no picture", png(size=(9000, 9000))])
def test_a_bad_preview_is_none(tmp_path: Path, thumbnail: bytes) -> None:
    path = docx(tmp_path / "a.docx", paragraph("words"), **{"docProps/thumbnail.png": thumbnail})
    assert word.read(path, SPEC).pictures == ()
    with pytest.raises(NotReadableError) as caught:
        word.picture(path, WHOLE, 60)
    assert caught.value.failure.reason is SkipReason.UNSUPPORTED


def test_a_document_without_words_says_so(tmp_path: Path) -> None:
    assert refused(docx(tmp_path / "a.docx", "<w:p/>")) is SkipReason.NO_TEXT


def test_entities_are_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    document = f"{laughs}<w:document {W}>{paragraph('&b;')}</w:document>"
    path = docx(tmp_path / "a.docx", "", **{"word/document.xml": document})
    assert refused(path) is SkipReason.CORRUPT
    outside = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    document = f"{outside}<w:document {W}>{paragraph('&a;')}</w:document>"
    path = docx(tmp_path / "b.docx", "", **{"word/document.xml": document})
    assert refused(path) is SkipReason.CORRUPT


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = docx(tmp_path / "a.docx", " " * 30_000_000)
    assert path.stat().st_size < 100_000
    assert refused(path) is SkipReason.TOO_LARGE


def test_a_deep_document_is_read(tmp_path: Path) -> None:
    path = docx(
        tmp_path / "a.docx", "<w:x>" * 50_000 + paragraph("at the bottom") + "</w:x>" * 50_000
    )
    assert lines(path) == ["at the bottom"]


def test_a_password_is_said_to_be_asked_for(tmp_path: Path) -> None:
    path = docx(tmp_path / "a.docx", paragraph("secret"))
    data = bytearray(path.read_bytes())
    # The flag that entries are encrypted, in both places where it stands.
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    path.write_bytes(data)
    assert refused(path) is SkipReason.ENCRYPTED


@pytest.mark.samples
def test_a_document_encrypted_by_word_is_told(samples: Path) -> None:
    assert refused(samples / "documents" / "protected_upper_case.docx") is SkipReason.ENCRYPTED


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"This is a letter.", SkipReason.WRONG_TYPE),
        (b"%PDF-1.4 and more", SkipReason.WRONG_TYPE),
        (b"PK\3\4 cut off", SkipReason.CORRUPT),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), SkipReason.WRONG_TYPE),
    ],
)
def test_what_is_no_document_is_told(tmp_path: Path, data: bytes, reason: SkipReason) -> None:
    (tmp_path / "a.docx").write_bytes(data)
    assert refused(tmp_path / "a.docx") is reason


def test_a_package_without_its_document_is_damaged(tmp_path: Path) -> None:
    package(tmp_path / "a.docx", {"readme.txt": "nothing here"})
    assert refused(tmp_path / "a.docx") is SkipReason.CORRUPT


def test_a_document_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = docx(tmp_path / "letter", paragraph("words"))
    assert word.FAMILY.recognises(path.read_bytes()[:512])
    assert word.FAMILY.probe(path)
    assert not slides.FAMILY.probe(path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert not word.FAMILY.probe(tmp_path / "a.zip")


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("testWORD.docx", "This is the header for our document"),
        ("testWORD_text_box.docx", "text box in the footer"),
        ("NullHeader.docx", "Yemen protest"),
        ("testAltChunkHTML.docx", "Example of a table"),
        ("testWORD_embeded.docx", "A description"),
        ("testWORD_boldHyperlink.docx", "bold hyper link"),
    ],
)
def test_real_documents_give_their_words(samples: Path, name: str, words: str) -> None:
    reading = word.read(samples / "documents" / name, SPEC)
    assert isinstance(reading, Reading)
    assert words in " ".join(" ".join(p.text for p in reading.passages).split())
