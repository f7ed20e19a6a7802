"""Damaged documents of every format: each is read, or refused for a reason."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.readers.family import Family, NotReadableError
from engine.readers.formats import (
    epub,
    opendocument,
    pdf,
    rtf,
    sheets,
    slides,
    slides97,
    text,
    word,
    word97,
)
from engine.readers.isolation import ReaderPool
from engine.readings import WHOLE, PixelSpec, ReadFailure, Reading, SkipReason
from tests.engine.readers.formats import office_files, older_office_files, pdf_files
from tests.engine.readers.formats.office_files import CORE, jpeg, line, paragraph, png, words

SPEC = PixelSpec(16, squash=True)
LONG = "The tenant pays the rent on the third day of the month. " * 5
MUTATIONS = 150
CORE_PART = {"docProps/core.xml": CORE.format(title="The lease")}

MAKERS: dict[str, tuple[Family, Callable[[Path], Path]]] = {
    "docx": (
        word.FAMILY,
        lambda path: office_files.docx(
            path, paragraph(LONG) * 4, **CORE_PART, **{"docProps/thumbnail.jpeg": jpeg()}
        ),
    ),
    "pptx": (slides.FAMILY, lambda path: office_files.pptx(path, [line(LONG)] * 4, **CORE_PART)),
    "xlsx": (
        sheets.FAMILY,
        lambda path: office_files.xlsx(path, {"A": f"<row r='1'>{words('A1', LONG)}</row>"}),
    ),
    "odt": (
        opendocument.FAMILY,
        lambda path: office_files.odf(
            path, "text", f"<text:p>{LONG}</text:p>", **{"Thumbnails/thumbnail.png": png()}
        ),
    ),
    "epub": (epub.FAMILY, lambda path: office_files.epub(path, {"a.xhtml": f"<h1>One</h1>{LONG}"})),
    "rtf": (
        rtf.FAMILY,
        lambda path: _written(path, r"{\rtf1{\info{\title T}}\f0 Z\'e4hler \u21271? " + LONG),
    ),
    "pdf": (pdf.FAMILY, lambda path: pdf_files.pdf(path, [pdf_files.words(LONG)] * 3)),
    "doc": (
        word97.FAMILY,
        lambda path: older_office_files.doc(
            path, (LONG * 8, older_office_files.NARROW), (LONG * 4, older_office_files.WIDE)
        ),
    ),
    "ppt": (
        slides97.FAMILY,
        lambda path: older_office_files.simple_ppt(
            path,
            *[older_office_files.slide(older_office_files.box(older_office_files.words(LONG)))] * 6,
        ),
    ),
    "html": (text.FAMILY, lambda path: _written(path, f"<title>T</title><p>{LONG}<td>x")),
}
# What is decoded in C or Rust may end the process: that is what readers are isolated for.
IN_PROCESS = [name for name in MAKERS if name not in ("pdf", "xlsx")]


def _written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def mutated(data: bytes, count: int) -> Iterator[bytes]:
    """Copies with bytes changed, stretches cut out or doubled, or the end missing."""
    rng = random.Random(len(data))
    for _ in range(count):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8, 40))):
            at = rng.randrange(len(damaged))
            match rng.randrange(5):
                case 0:
                    damaged[at] = rng.randrange(256)
                case 1:
                    damaged[at] ^= 1 << rng.randrange(8)
                case 2:
                    del damaged[at : at + rng.randrange(1, 30)]
                case 3:
                    damaged[at:at] = damaged[at : at + rng.randrange(1, 30)]
                case _:
                    damaged[at : at + 4] = rng.choice((b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f"))
            if len(damaged) < 2:
                break
        yield bytes(damaged) if rng.randrange(6) else data[: rng.randrange(1, len(data))]


@pytest.mark.parametrize("name", IN_PROCESS)
def test_damaged_documents_are_read_or_refused(tmp_path: Path, name: str) -> None:
    family, make = MAKERS[name]
    whole = make(tmp_path / f"whole.{name}")
    assert family.read(whole, SPEC).passages
    path = tmp_path / f"a.{name}"
    outcomes = {"read": 0, "refused": 0}
    for data in mutated(whole.read_bytes(), MUTATIONS):
        path.write_bytes(data)
        if family.probe is not None:
            family.probe(path)
        try:
            reading = family.read(path, SPEC)
            assert reading.passages or reading.pictures
            outcomes["read"] += 1
        except NotReadableError as error:
            assert error.failure.detail
            outcomes["refused"] += 1
        if family.picture is not None:
            try:
                assert max(family.picture(path, WHOLE, 40).size) <= 40
            except NotReadableError as error:
                assert error.failure.detail
    assert min(outcomes.values()) >= (0 if name in ("html", "rtf") else 5), outcomes


def damaged_inside(data: bytes, count: int) -> Iterator[bytes]:
    """Copies of a package, whole as such, with one of its parts damaged."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    rng = random.Random(len(data))
    names = [name for name, content in parts.items() if len(content) > 1]
    for _ in range(count):
        name = rng.choice(names)
        (damaged,) = mutated(parts[name] + rng.randbytes(rng.randrange(2)), 1)
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for each, content in parts.items():
                archive.writestr(each, damaged if each == name else content)
        yield written.getvalue()


@pytest.mark.samples
@pytest.mark.parametrize(
    ("family", "name"),
    [
        (word.FAMILY, "testWORD.docx"),
        (slides.FAMILY, "testPPT.pptx"),
        (slides.FAMILY, "testComment.pptx"),
        (opendocument.FAMILY, "test-columnar.ods"),
        (opendocument.FAMILY, "testFooter.odt"),
        (epub.FAMILY, "testEPUB.epub"),
        (epub.FAMILY, "testEPUB_xml_ext.epub"),
    ],
)
def test_packages_with_a_damaged_part_are_read_or_refused(
    samples: Path, tmp_path: Path, family: Family, name: str
) -> None:
    path = tmp_path / name
    read = 0
    for data in damaged_inside((samples / "documents" / name).read_bytes(), 60):
        path.write_bytes(data)
        try:
            reading = family.read(path, SPEC)
            assert reading.passages or reading.pictures
            read += 1
        except NotReadableError as error:
            assert error.failure.detail
    # Most parts of a package hold no text.
    assert read > 5


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    opened = ReaderPool(1)
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.samples
@pytest.mark.parametrize(
    "name",
    [
        "testAnnotations.pdf",
        "pdf/basicapi.pdf",
        "pdf/issue2128r.pdf",
        "testEXCEL_charts.xlsx",
        "testEXCEL_headers_footers.xls",
        "testWORD.docx",
        "testWORD_numbered_list.doc",
        "testPPT.pptx",
        "testPPT_embedded2.ppt",
        "test-columnar.ods",
        "testEPUB.epub",
        "testRTFWord2010CzechCharacters.rtf",
    ],
)
def test_damaged_real_documents_are_read_or_refused_in_workers(
    samples: Path, tmp_path: Path, pool: ReaderPool, name: str
) -> None:
    data = (samples / "documents" / name).read_bytes()
    paths = []
    for number, damaged in enumerate(mutated(data, 60)):
        paths.append(tmp_path / f"{number}{Path(name).suffix}")
        paths[-1].write_bytes(damaged)
    outcomes = [pool.submit_read(path, SPEC).result() for path in paths]
    # A reader's own bug shows as this reason with the name of the exception.
    bugs = [
        outcome.detail
        for outcome in outcomes
        if isinstance(outcome, ReadFailure)
        and outcome.reason is SkipReason.CRASHED
        and "report" in outcome.detail
    ]
    assert not bugs
    assert any(isinstance(outcome, Reading) for outcome in outcomes)
