from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import sheets, word
from engine.readings import PixelSpec, SkipReason
from tests.engine.readers.formats.office_files import A, line, package, words, xlsx

SPEC = PixelSpec(32, squash=True)


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        sheets.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_each_sheet_is_a_section_and_each_row_a_line(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "a.xlsx",
        {
            "Rent": f"<row r='1'>{words('A1', 'Flat')}{words('C1', 'Ada  Winter')}</row>"
            "<row r='3'><c r='A3'><v>900</v></c><c r='B3'><v>1.5</v></c>"
            "<c r='C3' s='1'><v>44259</v></c><c r='D3' t='b'><v>1</v></c></row>",
            "Leer": "",
            "你好": f"<row r='1'>{words('A1', '北京')}</row>",
        },
    )
    found = [(p.section, p.text) for p in sheets.read(path, SPEC).passages]
    assert found == [
        ("Rent", "Rent\nFlat\tAda Winter\n900\t1.5\t2021-03-04\tTrue"),
        ("你好", "你好\n北京"),
    ]


def test_comments_drawings_and_charts_are_read(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "a.xlsx",
        {"Rent": f"<row r='1'>{words('A1', 'Flat')}</row>"},
        **{
            "xl/comments1.xml": "<comments><comment><text><r><t>too much</t></r></text></comment>"
            "</comments>",
            "xl/drawings/drawing1.xml": f"<d {A}>{line('in a box')}</d>",
            "xl/charts/chart1.xml": f"<c {A}>{line('Rent by year')}</c>",
        },
    )
    found = {p.section: p.text for p in sheets.read(path, SPEC).passages}
    assert found == {
        "Rent": "Rent\nFlat",
        "Comments": "too much",
        "Drawings": "in a box",
        "Charts": "Rent by year",
    }


def test_a_sheet_that_spans_too_many_cells_is_refused_before_room_is_made_for_it(
    tmp_path: Path,
) -> None:
    far = "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'>{}</row>"
    path = xlsx(tmp_path / "a.xlsx", {"A": far.format("<c r='XFD1048576'><v>2</v></c>")})
    assert refused(path) is SkipReason.TOO_LARGE
    # A format without a value takes no room.
    path = xlsx(tmp_path / "b.xlsx", {"A": far.format("<c r='XFD1048576' s='1'/>")})
    assert sheets.read(path, SPEC).passages[0].text == "A\n1"


def test_a_long_sheet_is_read_as_far_as_it_may_be(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 5)
    rows = "".join(f"<row r='{n}'><c r='A{n}'><v>{n}</v></c></row>" for n in range(1, 100))
    path = xlsx(tmp_path / "a.xlsx", {"A": rows})
    assert sheets.read(path, SPEC).passages[-1].text.endswith("\n5")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    assert refused(xlsx(tmp_path / "a.xlsx", {"A": " " * 30_000_000})) is SkipReason.TOO_LARGE


def test_an_empty_workbook_says_so(tmp_path: Path) -> None:
    assert refused(xlsx(tmp_path / "a.xlsx", {"A": ""})) is SkipReason.NO_TEXT


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.xlsx", b"PK\3\4 cut off", SkipReason.CORRUPT),
        ("a.xlsx", b"just words", SkipReason.WRONG_TYPE),
        ("a.xls", b"just words", SkipReason.WRONG_TYPE),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000), SkipReason.CORRUPT),
    ],
)
def test_what_is_no_workbook_is_told(
    tmp_path: Path, name: str, data: bytes, reason: SkipReason
) -> None:
    (tmp_path / name).write_bytes(data)
    assert refused(tmp_path / name) is reason


def test_a_workbook_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.zip", {"A": ""})
    assert sheets.probe(path)
    assert not word.FAMILY.probe(path)
    assert not sheets.probe(package(tmp_path / "b.zip", {"a.txt": "x"}))


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "section", "found"),
    [
        ("testEXCEL_charts.xlsx", "Charts", "wants a peach"),
        ("testEXCEL_hyperlinks.xlsx", "Sheet1", "http_tika_link"),
        ("testXLSX_Thumbnail.xlsx", "Feuil1", "embedded thumbnail"),
        ("testEXCEL_headers_footers.xls", "Sheet1", "John Smith50"),
        ("testEXCEL_extra_metadata.xls", "very-hidden-sheet", "very hidden sheet"),
    ],
)
def test_real_workbooks_give_their_words(
    samples: Path, name: str, section: str, found: str
) -> None:
    reading = sheets.read(samples / "documents" / name, SPEC)
    assert any(found in p.text for p in reading.passages if p.section == section)


@pytest.mark.samples
def test_an_old_workbook_says_who_wrote_it_when(samples: Path) -> None:
    path = samples / "documents" / "testEXCEL_headers_footers.xls"
    assert sheets.probe(path)
    details = sheets.read(path, SPEC).details
    assert (details.title, details.author) == ("Internal spreadsheet", "Aeham Abushwashi")
    assert details.taken_at == datetime(2015, 6, 30, 9, 33, 18, tzinfo=UTC)
