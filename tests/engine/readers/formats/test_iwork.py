import os
from pathlib import Path

import pytest

from engine.readers import registry
from engine.readings import Kind, PixelSpec, ReadFailure, Reading, SkipReason, Spot
from tests.engine.readers.formats.office_files import jpeg, package
from tests.engine.readers.formats.pdf_files import pdf, words

SPEC = PixelSpec(32, squash=True)
NOW = {"Index/Document.iwa": b"\0\x12", "Metadata/Properties.plist": b"", "Data/p.jpg": jpeg()}
THEN = {"buildVersionHistory.plist": b"", "index.apxl": b"<key/>", "thumbs/st0.jpg": jpeg()}


def written(path: Path, parts: dict[str, bytes]) -> Path:
    return package(path, dict(parts))


def preview(tmp_path: Path) -> bytes:
    text = "The tenant pays the rent on the third day of the month."
    return pdf(tmp_path / "preview.pdf", [words(text), words("Signed by Ada Winter.")]).read_bytes()


@pytest.mark.parametrize("name", ["a.pages", "a.numbers", "a.key", "a.zip", "a"])
def test_a_document_is_found_by_the_picture_of_its_first_page(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, {**NOW, "preview.jpg": jpeg("blue", (300, 400))})
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert (reading.kind, reading.reader, reading.members) == (Kind.DOCUMENT, "iwork", ())
    (first,) = reading.pictures
    assert first.spot == Spot(page=1)
    assert first.pixels[16, 16, 2] > 200
    assert reading.textless == (1,), "words in it are looked for as in a scan"
    assert isinstance(registry.thumbnail(path, 64), bytes)


def test_a_preview_of_all_pages_is_read_as_what_it_is(tmp_path: Path) -> None:
    parts = {**THEN, "QuickLook/Preview.pdf": preview(tmp_path), "QuickLook/Thumbnail.jpg": jpeg()}
    path = written(tmp_path / "talk.key", parts)
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert [passage.page for passage in reading.passages] == [1, 2]
    assert "tenant" in reading.passages[0].text
    assert (len(reading.pictures), reading.details.pages) == (2, 2)
    first, second = (registry.thumbnail(path, 64, Spot(page=page)) for page in (1, 2))
    assert first != second


def test_a_damaged_preview_leaves_the_picture(tmp_path: Path) -> None:
    parts = {**THEN, "QuickLook/Preview.pdf": b"no pdf", "QuickLook/Thumbnail.jpg": jpeg()}
    reading = registry.read(written(tmp_path / "a.pages", parts), SPEC)
    assert isinstance(reading, Reading)
    assert len(reading.pictures) == 1


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (NOW, SkipReason.UNSUPPORTED),
        ({**NOW, ".iwpv2": b"x"}, SkipReason.ENCRYPTED),
        ({**NOW, "preview.jpg": b"no picture"}, SkipReason.UNSUPPORTED),
    ],
)
def test_a_document_without_a_preview_says_what_to_do(
    tmp_path: Path, parts: dict[str, bytes], reason: SkipReason
) -> None:
    failure = registry.read(written(tmp_path / "a.pages", parts), SPEC)
    assert isinstance(failure, ReadFailure)
    assert (failure.reason, "copy" in failure.detail) == (reason, True)


def test_an_archive_that_holds_documents_stays_one(tmp_path: Path) -> None:
    document = written(tmp_path / "a.pages", {**NOW, "preview.jpg": jpeg()})
    inside = {f"My.pages/{name}": content for name, content in NOW.items()}
    path = written(tmp_path / "a.zip", {"b.pages": document.read_bytes(), **inside})
    reading = registry.read(path, SPEC)
    assert isinstance(reading, Reading)
    assert reading.kind is Kind.ARCHIVE
    outcome = next(member.outcome for member in reading.members if member.name == "b.pages")
    assert isinstance(outcome, Reading)
    assert outcome.reader == "iwork"


def test_a_cryptographic_key_is_no_presentation(tmp_path: Path) -> None:
    (tmp_path / "id.key").write_bytes(os.urandom(64))
    assert not registry.is_read(tmp_path / "id.key")
