"""What `keepsight read` tells of files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image, ImageDraw

from engine.commands.read import read_files
from engine.readers import isolation


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photo with a date, a note, an archive of both, and a file that nobody reads."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.DateTime] = "Ricoh", "2023:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2023:05:06 07:08:09"
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "note.txt").write_text("!")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        archive.write(tmp_path / "a.jpg", "trip/a.jpg")
        archive.write(tmp_path / "note.txt", "note.txt")
    (tmp_path / "z.bin").write_bytes(b"\0\1\2\3")
    return tmp_path


def lines(*arguments: object) -> list[list[str]]:
    done = CliRunner().invoke(read_files, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0
    return [line.split("\t") for line in done.stdout.splitlines()]


def rows(*arguments: object) -> list[dict[str, Any]]:
    done = CliRunner().invoke(read_files, [*map(str, arguments), "--json"], catch_exceptions=False)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_each_file_has_a_line_with_what_was_read_or_why_not(folder: Path) -> None:
    told = {Path(path).name: rest for path, *rest in lines(folder)}
    assert list(told) == ["a.jpg", "both.zip", "note.txt", "z.bin"]
    assert told["a.jpg"] == ["photo", "64 × 48 · 2023-05-06T07:08:09 (camera) · Ricoh"]
    assert told["note.txt"] == ["text", "1 character"]
    assert told["z.bin"][0] == "unsupported"
    assert told["both.zip"][0] == "archive"
    assert [inside.split()[:3] for inside in told["both.zip"][2:]] == [
        ["›", "trip/a.jpg", "photo"],
        ["›", "note.txt", "text"],
    ]


def test_json_has_it_all(folder: Path) -> None:
    photo, missing = rows(folder / "a.jpg", folder / "gone.jpg")
    assert (photo["reader"], photo["width"], photo["taken_from"]) == ("photo", 64, "camera")
    assert photo["seconds"] >= 0
    assert missing["reason"] == "vanished"


@pytest.mark.slow
def test_text_in_pictures_is_told_where_it_is_asked_for(tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (800, 300), "white") for _ in range(2))
    for picture, words in ((first, "Hello harbour"), (second, "The tenant pays")):
        ImageDraw.Draw(picture).text((40, 100), words, fill="black", font_size=72)
    first.save(tmp_path / "sign.png")
    first.save(tmp_path / "scan.tif", save_all=True, append_images=[second])
    sign, scan = rows(tmp_path / "sign.png", tmp_path / "scan.tif", "--recognise")
    assert sign["recognised"] == "Hello harbour"
    assert scan["recognised"] == "Hello harbour The tenant pays"


def test_why_text_in_a_picture_is_not_known_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "RECOGNITION_LIMIT_S", 0.001)
    ((_, _, facts),) = lines(folder / "a.jpg", "--recognise")
    assert "text in the picture is not known: Reading took longer" in facts
