import os
import struct
import subprocess
import sys
import zlib
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.readers import registry
from engine.readings import DateSource, Kind, PixelSpec, ReadFailure, Reading, SkipReason
from engine.records import Stamp
from tests.engine.readers.formats.films import film, scene

SPEC = PixelSpec(64, squash=True)


def reason(path: Path) -> SkipReason:
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, ReadFailure)
    assert outcome.detail
    return outcome.reason


def test_a_png_named_jpg_is_read(tmp_path: Path, make_photo) -> None:
    path = make_photo(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert isinstance(registry.read(path, SPEC), Reading)


def test_a_photo_named_txt_is_read_as_a_photo(tmp_path: Path, make_photo) -> None:
    path = make_photo(tmp_path / "a.jpg").rename(tmp_path / "a.txt")
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.kind is Kind.PHOTO


def test_a_text_named_jpg_is_of_the_wrong_type(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("This is a letter and no photo at all.")
    assert reason(tmp_path / "a.jpg") is SkipReason.WRONG_TYPE


def test_binary_data_named_txt_is_of_the_wrong_type(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(range(256)) * 50)
    assert reason(tmp_path / "a.txt") is SkipReason.WRONG_TYPE


def test_an_empty_file_is_skipped_as_empty(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    assert reason(tmp_path / "a.jpg") is SkipReason.EMPTY


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif", ".tif", ".bmp"])
def test_a_truncated_photo_is_corrupt(tmp_path: Path, make_photo, suffix: str) -> None:
    path = make_photo(tmp_path / f"a{suffix}", size=(600, 400))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert reason(path) in (SkipReason.CORRUPT, SkipReason.WRONG_TYPE)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 10)), (b"IEND", b""))
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    assert reason(tmp_path / "bomb.png") is SkipReason.TOO_LARGE


@pytest.mark.parametrize("name", ["2024-04-13 Meeting.md", "Meeting 2024-04-13.txt"])
def test_a_document_without_a_date_has_that_of_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("What we agreed on.")
    outcome = registry.read(tmp_path / name, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.details.taken_at == datetime(2024, 4, 13)
    assert outcome.details.taken_from is DateSource.NAME


def test_a_film_without_a_date_has_that_of_its_name(tmp_path: Path) -> None:
    film(tmp_path / "VID-20240413-WA0001.mp4", [scene(1)])
    outcome = registry.read(tmp_path / "VID-20240413-WA0001.mp4", SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.details.taken_at == datetime(2024, 4, 13)


def test_what_a_document_says_of_its_date_counts_more_than_its_name(tmp_path: Path) -> None:
    path = tmp_path / "2024-04-13 Letter.rtf"
    path.write_text(r"{\rtf1\ansi{\info{\creatim\yr2019\mo7\dy4\hr9\min30}}Dear Ada.}")
    outcome = registry.read(path, SPEC)
    assert isinstance(outcome, Reading)
    assert outcome.details.taken_at == datetime(2019, 7, 4, 9, 30)


def test_a_missing_file_has_vanished(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.jpg") is SkipReason.VANISHED


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert reason(tmp_path / "pipe.jpg") is SkipReason.WRONG_TYPE


def test_a_file_that_may_not_be_read_says_so() -> None:
    failure = registry.failure_of(PermissionError(13, "Permission denied"))
    assert failure.reason is SkipReason.UNREADABLE
    assert "permission" in failure.detail


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permissions_are_respected(tmp_path: Path, make_photo) -> None:
    path = make_photo(tmp_path / "a.jpg")
    path.chmod(0)
    assert reason(path) is SkipReason.UNREADABLE


def test_white_space_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\t\n")
    assert reason(tmp_path / "a.txt") is SkipReason.NO_TEXT


def test_names_in_no_encoding_are_read(tmp_path: Path, make_photo) -> None:
    path = make_photo(tmp_path / "a.jpg").rename(tmp_path / os.fsdecode(b"caf\xe9 \xff.jpg"))
    assert isinstance(registry.read(path, SPEC), Reading)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), suffix=st.sampled_from([".jpg", ".png", ".webp", ".gif", ".tif", ".bmp"]))
def test_mutated_photos_are_read_or_refused(data, suffix: str, tmp_path_factory) -> None:
    path = tmp_path_factory.getbasetemp() / f"mutated{suffix}"
    gradient = np.linspace(0, 255, 32 * 24 * 3).astype(np.uint8).reshape(24, 32, 3)
    Image.fromarray(gradient).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    assert isinstance(registry.read(path, SPEC), Reading | ReadFailure)


@pytest.mark.samples
@pytest.mark.slow
def test_every_sample_is_read_or_refused_with_a_reason(samples: Path) -> None:
    paths = [path for path in sorted(samples.rglob("*")) if path.is_file()]
    outcomes = {path: registry.read(path, SPEC) for path in paths}
    for outcome in outcomes.values():
        assert isinstance(outcome, Reading) or (outcome.reason in SkipReason and outcome.detail)
    known = [path for path in paths if registry.kind_of(path) is not None]
    assert len(known) > 200
    assert sum(isinstance(outcomes[path], Reading) for path in known) / len(known) > 0.9
    for path in known:
        if isinstance(outcomes[path], Reading) and outcomes[path].kind is Kind.PHOTO:
            assert isinstance(registry.thumbnail(path, 64), bytes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Dear Anna, this is a letter.", "a text"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
    ],
)
def test_a_file_of_another_type_is_told_what_it_seems_to_be(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    outcome = registry.read(tmp_path / "a.jpg", SPEC)
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason is SkipReason.WRONG_TYPE
    assert words in outcome.detail
    assert "extension" in outcome.detail


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_file_that_is_being_written_is_tried_again(
    tmp_path: Path, make_photo, monkeypatch, is_damaged: bool
) -> None:
    path = make_photo(tmp_path / "a.png")
    if is_damaged:
        path.write_bytes(path.read_bytes()[:60])
    family_of = registry._family_of

    def written_meanwhile(of: Path) -> object:
        with of.open("ab") as file:
            file.write(b"more")
        return family_of(of)

    monkeypatch.setattr(registry, "_family_of", written_meanwhile)
    assert reason(path) is SkipReason.CHANGING


def test_a_file_is_only_read_with_the_stamp_that_is_asked_for(tmp_path: Path, make_photo) -> None:
    path = make_photo(tmp_path / "a.png")
    stamp = Stamp.of(path.stat())
    assert isinstance(registry.read(path, SPEC, stamp), Reading)
    os.utime(path, ns=(0, stamp.modified_ns - 1))
    outcome = registry.read(path, SPEC, stamp)
    assert isinstance(outcome, ReadFailure)
    assert outcome.reason is SkipReason.CHANGING


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), SkipReason.OUT_OF_MEMORY),
        (OSError(5, "Input/output error"), SkipReason.UNREADABLE),
        (FileNotFoundError(2, "gone"), SkipReason.VANISHED),
    ],
)
def test_errors_of_the_system_are_not_taken_for_damage(
    tmp_path: Path, make_photo, monkeypatch, error: Exception, expected: SkipReason
) -> None:
    path = make_photo(tmp_path / "a.png")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fail)
    assert reason(path) is expected


def test_a_text_that_is_too_large_says_so(tmp_path: Path) -> None:
    with (tmp_path / "a.log").open("wb") as file:
        file.truncate((32 << 20) + 1)
    assert reason(tmp_path / "a.log") is SkipReason.TOO_LARGE


def test_an_unknown_type_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_bytes(b"\x01\x02\x03")
    assert reason(tmp_path / "a.xyz") is SkipReason.UNSUPPORTED


def test_a_document_has_no_thumbnail_and_a_pipe_none_either(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("a.txt", "pipe.jpg", "gone.jpg"):
        assert isinstance(registry.thumbnail(tmp_path / name, 64), ReadFailure)


def test_details_can_be_shown_and_stored_whatever_the_name(tmp_path: Path) -> None:
    for content in (b"words", b"\0\1\2", b"\xff\xd8\xff"):
        for suffix in (b".\xff", b".txt", b".jpg"):
            path = tmp_path / os.fsdecode(b"caf\xe9" + suffix)
            path.write_bytes(content)
            outcome = registry.read(path, SPEC)
            assert isinstance(outcome, Reading) or outcome.detail.encode()


def test_telling_the_kind_imports_no_decoder() -> None:
    script = (
        "import sys; from pathlib import Path; from engine.readers import isolation, registry;"
        "assert registry.kind_of(Path('A.JPG')).value == 'photo';"
        "print(*{'PIL', 'selectolax', 'charset_normalizer', 'semantic_text_splitter'}"
        " & set(sys.modules))"
    )
    command = [sys.executable, "-c", script]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    content=st.binary(max_size=300) | st.text(max_size=200).map(lambda s: s.encode("utf-16")),
    prefix=st.sampled_from([b"", b"\xff\xfe", b"<meta charset=gbk>", b"# ", b"\x1b$B", b"%PDF-"]),
    suffix=st.sampled_from([".txt", ".html", ".md", ".rst", ".csv"]),
)
def test_any_bytes_named_as_text_are_read_or_refused(
    content: bytes, prefix: bytes, suffix: str, tmp_path_factory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"bytes{suffix}"
    path.write_bytes(prefix + content)
    assert isinstance(registry.read(path, SPEC), Reading | ReadFailure)
