from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from engine.readers import registry
from engine.readers.family import NotReadableError
from engine.readers.formats import pdf
from engine.readings import WHOLE, DateSource, PixelSpec, SkipReason, Spot
from tests.engine.readers.formats import pdf_files
from tests.engine.readers.formats.pdf_files import filled, words

SPEC = PixelSpec(32, squash=True)
LONG = "The tenant pays the rent on the third day of the month"


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        pdf.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_passages_carry_their_page_and_pages_without_text_are_told(tmp_path: Path) -> None:
    path = pdf_files.pdf(
        tmp_path / "a.pdf", [words(LONG), filled("0 0 1"), "", words("The second part")]
    )
    reading = pdf.read(path, SPEC)
    assert [(p.text, p.page) for p in reading.passages] == [(LONG, 1), ("The second part", 4)]
    # The third page is blank: there is nothing to recognise on it.
    assert reading.textless == (2,)
    assert reading.details.pages == 4
    assert reading.details.language == "en"


def test_a_scan_with_a_page_number_is_without_text_still(tmp_path: Path) -> None:
    path = pdf_files.pdf(tmp_path / "a.pdf", [filled("1 0 0") + words("- 7 -")])
    assert pdf.read(path, SPEC).textless == (1,)


def test_every_page_is_drawn(tmp_path: Path) -> None:
    path = pdf_files.pdf(tmp_path / "a.pdf", [filled("1 0 0"), filled("0 0 1", "0 0 150 200")])
    first, second = pdf.read(path, SPEC).pictures
    assert (first.spot, second.spot) == (Spot(page=1), Spot(page=2))
    assert first.pixels.shape == second.pixels.shape == (32, 32, 3)
    assert first.pixels[16, 16].tolist() == [255, 0, 0]
    assert second.pixels[16, 8].tolist() == [0, 0, 255]
    assert second.pixels[16, 24].tolist() == [255, 255, 255]


def test_a_page_is_shown_as_large_as_asked_for(tmp_path: Path) -> None:
    path = pdf_files.pdf(tmp_path / "a.pdf", [filled("1 0 0"), filled("0 0 1")])
    page = pdf.picture(path, Spot(page=2), 1500)
    assert page.mode == "RGB"
    assert page.size == (1500, 1000)
    assert page.getpixel((700, 500)) == (0, 0, 255)
    assert pdf.picture(path, WHOLE, 300).getpixel((100, 100)) == (255, 0, 0)
    assert pdf.picture(path, Spot(page=99), 300).getpixel((100, 100)) == (0, 0, 255)


@pytest.mark.parametrize("size", [(14_400, 14_400), (14_400, 3), (200_000, 100)])
def test_pages_of_any_shape_are_drawn_within_bounds(tmp_path: Path, size: tuple[int, int]) -> None:
    path = pdf_files.pdf(tmp_path / "a.pdf", [filled("1 0 0", "0 0 300000 20000")], size=size)
    assert pdf.read(path, SPEC).pictures[0].pixels[16, 16].tolist() == [255, 0, 0]
    assert max(pdf.picture(path, WHOLE, 400).size) <= 400


def test_a_page_that_takes_long_is_left_as_far_as_it_is(tmp_path: Path, monkeypatch) -> None:
    # Each round lays a see-through picture of the whole page over the last.
    slow = filled("1 0 0") + "".join(filled(f"0 0 {n % 2}", "0 0 300 200") for n in range(50_000))
    path = pdf_files.pdf(tmp_path / "a.pdf", [words(LONG) + slow, words("Last page of it")])
    monkeypatch.setattr(pdf, "TIME_FOR_PICTURES_S", 0.02)
    reading = pdf.read(path, SPEC)
    assert len(reading.pictures) == 1
    assert [passage.page for passage in reading.passages] == [1, 2]


def test_details_are_what_the_document_says_of_itself(tmp_path: Path) -> None:
    info = (
        "/Title (Microsoft Word - The lease.doc) /Author (Ada Winter) /Keywords (rent, flat) "
        "/CreationDate (D:20210304050607+05'30')"
    )
    details = pdf.read(pdf_files.pdf(tmp_path / "a.pdf", [words(LONG)], info=info), SPEC).details
    assert (details.title, details.author) == ("The lease.doc", "Ada Winter")
    zone = timezone(timedelta(hours=5, minutes=30))
    assert details.taken_at == datetime(2021, 3, 4, 5, 6, 7, tzinfo=zone)
    assert details.taken_from is DateSource.DOCUMENT
    assert details.keywords == ("rent", "flat")


@pytest.mark.parametrize(
    "date", ["", "yesterday", "D:19040101000000Z", "D:20211399", "D:99991231", "D:2021+99'99'"]
)
def test_dates_that_cannot_be_are_none(tmp_path: Path, date: str) -> None:
    path = pdf_files.pdf(tmp_path / "a.pdf", [words(LONG)], info=f"/CreationDate ({date})")
    assert pdf.read(path, SPEC).details.taken_at is None


def test_notes_and_filled_in_fields_are_read(tmp_path: Path) -> None:
    box = "/Rect [0 0 9 9]"
    annotations = (
        f"<< /Type /Annot /Subtype /Text {box} /Contents (Ask the landlord) >> "
        f"<< /Type /Annot /Subtype /Popup {box} /Contents (Ask the landlord) >> "
        f"<< /Type /Annot /Subtype /Widget /FT /Tx {box} /T (name) /V (Ada Winter) >>"
    )
    path = pdf_files.pdf(tmp_path / "a.pdf", [words(LONG)], annotations=annotations)
    text = "".join(passage.text for passage in pdf.read(path, SPEC).passages)
    assert text.split("\n\n") == [LONG, "Ask the landlord", "Ada Winter"]


def test_a_password_is_said_to_be_asked_for(tmp_path: Path) -> None:
    key = "ab" * 32
    path = pdf_files.pdf(
        tmp_path / "a.pdf",
        [words(LONG)],
        trailer=f"/ID [<{key[:32]}> <{key[:32]}>] "
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <{key}> /U <{key}> >>",
    )
    assert refused(path) is SkipReason.ENCRYPTED


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n1 0 obj << >> endobj", b"%PDF-"])
def test_a_document_without_pages_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(data)
    assert refused(tmp_path / "a.pdf") is SkipReason.CORRUPT


def test_attached_files_are_members(tmp_path: Path) -> None:
    from pypdfium2 import PdfDocument

    document = PdfDocument(pdf_files.pdf(tmp_path / "a.pdf", [words(LONG)]))
    for name, data in (("../in/voice.txt", b"900 EUR"), ("empty.txt", b"")):
        attachment = document.new_attachment(name)
        if data:
            attachment.set_data(data)
    document.save(tmp_path / "b.pdf")
    document.close()
    found = {file.name: file.data for file in pdf.attachments(tmp_path / "b.pdf")}
    assert found["in/voice.txt"] == b"900 EUR"
    assert found["empty.txt"] == b""
    assert list(pdf.attachments(tmp_path / "a.pdf")) == []


def test_a_document_is_recognised_whatever_its_name(tmp_path: Path) -> None:
    path = pdf_files.pdf(tmp_path / "a.txt", [words(LONG)])
    assert registry.read(path, SPEC).reader == "pdf"


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "page", "expected"),
    [
        ("pdf/doc_3_3_pages.pdf", 3, "Document 3:Page 3"),
        ("pdf/issue2128r.pdf", 1, "浅谈校长的魅力"),
        ("pdf/issue1512r.pdf", 1, "From Dictatorship to Democracy"),
        ("pdf/bug866395.pdf", 1, "l’impayé"),
        ("testAnnotations.pdf", 1, "Here is a comment"),
        ("testPDF_acroform3.pdf", 1, "comboExportB"),
        ("testPDFPackage.pdf", 1, "Multiple files are bound together"),
    ],
)
def test_real_documents_give_their_words(
    samples: Path, name: str, page: int, expected: str
) -> None:
    reading = pdf.read(samples / "documents" / name, SPEC)
    assert any(expected in " ".join(p.text.split()) for p in reading.passages if p.page == page)
    assert len(reading.pictures) == reading.details.pages


@pytest.mark.samples
def test_real_pages_without_text_are_told_and_drawn(samples: Path) -> None:
    path = samples / "documents" / "pdf" / "bitmap-composite-and-xnor-text.pdf"
    reading = pdf.read(path, SPEC)
    assert reading.textless == (1,)
    assert np.ptp(reading.pictures[0].pixels) > 100


@pytest.mark.samples
def test_a_real_encrypted_document_is_told(samples: Path) -> None:
    path = samples / "documents" / "testPDF_no_extract_yes_accessibility_owner_user.pdf"
    assert refused(path) is SkipReason.ENCRYPTED
