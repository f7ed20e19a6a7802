import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.readers import registry
from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason

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
    outcomes = [
        registry.read(path, SPEC)
        for path in sorted(samples.rglob("*"))
        if path.is_file() and registry.kind_of(path) is not None
    ]
    read = sum(isinstance(outcome, Reading) for outcome in outcomes)
    assert len(outcomes) > 200
    assert read / len(outcomes) > 0.9
