"""Documents inside documents: what was embedded, and not what charts are drawn from."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.readers import registry
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason
from tests.engine.readers.formats.office_files import docx, line, paragraph, pptx, relations, xlsx
from tests.engine.readers.formats.office_files import words as cell

SPEC = PixelSpec(32, squash=True)
SHEET = "embeddings/Rent_2024.xlsx"


def letter(path: Path, workbook: bytes) -> Path:
    charted = relations(("package", f"../{SHEET}")).replace("Rent_2024", "Microsoft_Excel_Sheet")
    return docx(
        path,
        paragraph("Dear tenant, see below."),
        related={
            SHEET: ("package", workbook),
            "embeddings/oleObject1.bin": ("oleObject", b"anything"),
            "charts/chart1.xml": ("chart", "<c:chart/>"),
        },
        **{
            "word/charts/_rels/chart1.xml.rels": charted,
            "word/embeddings/Microsoft_Excel_Sheet.xlsx": workbook,
        },
    )


def talk(path: Path, workbook: bytes) -> Path:
    shown = relations(("package", f"../{SHEET}"))
    return pptx(
        path,
        [line("Rents"), line("Rents again")],
        **{
            "ppt/slides/_rels/slide1.xml.rels": shown,
            "ppt/slides/_rels/slide2.xml.rels": shown,
            f"ppt/{SHEET}": workbook,
        },
    )


@pytest.fixture
def workbook(tmp_path: Path) -> bytes:
    return xlsx(
        tmp_path / "w.xlsx", {"A": f"<row r='1'>{cell('A1', 'Deposit')}</row>"}
    ).read_bytes()


@pytest.mark.parametrize(("name", "make"), [("a.docx", letter), ("a.pptx", talk)])
def test_an_embedded_document_is_read_as_a_file_of_its_own(
    tmp_path: Path, workbook: bytes, name: str, make: Callable[[Path, bytes], Path]
) -> None:
    path = make(tmp_path / name, workbook)
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    (member,) = reading.members
    assert member.name == "Rent_2024.xlsx"
    assert isinstance(member.outcome, Reading)
    assert "Deposit" in member.outcome.passages[0].text
    assert registry.unpack(path, member.name) == workbook


def test_an_embedded_document_that_cannot_be_read_harms_nothing(
    tmp_path: Path, workbook: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = letter(tmp_path / "a.docx", workbook)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(f"word/{SHEET}").header_offset
    damaged = bytearray(path.read_bytes())
    damaged[start + 80 : start + 120] = bytes(40)
    (tmp_path / "damaged.docx").write_bytes(damaged)
    for document, most_bytes, reason in (
        (path, 1000, SkipReason.TOO_LARGE),
        (tmp_path / "damaged.docx", 1 << 20, SkipReason.CORRUPT),
    ):
        monkeypatch.setattr("engine.readers.packages.members.MOST_MEMBER_BYTES", most_bytes)
        reading = registry.read(document, SPEC)
        assert isinstance(reading, Reading)
        assert "Dear tenant" in reading.passages[0].text
        (member,) = reading.members
        assert isinstance(member.outcome, ReadFailure)
        assert member.outcome.reason is reason
