import struct
from pathlib import Path

import pytest

from engine.readers.videos import length
from tests.engine.readers.formats.films import film, scene


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
@pytest.mark.parametrize("flags", ["use_metadata_tags", "faststart"])
def test_a_film_is_as_long_as_its_header_says(tmp_path: Path, name: str, flags: str) -> None:
    path = film(tmp_path / name, [scene(1)], seconds=2, options={"movflags": flags})
    assert length.seconds(path) == pytest.approx(2, abs=0.1)


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (box(b"moov", box(b"mvhd", struct.pack(">BxxxQQIQ", 1, 0, 0, 600, 1800))), 3.0),
        (struct.pack(">I4sQ", 1, b"mdat", 20) + b"1234" + box(b"moov", b""), None),
        (box(b"moov", box(b"mvhd", struct.pack(">BxxxIIII", 0, 0, 0, 1000, 0))), None),
        (box(b"moov", box(b"mvhd", struct.pack(">BxxxIIII", 0, 0, 0, 1000, 2**32 - 1))), None),
        (box(b"moov", box(b"mvhd", struct.pack(">BxxxIIII", 0, 0, 0, 0, 5))), None),
        (box(b"moov", box(b"mvhd", b"")), None),
        (struct.pack(">I4s", 0, b"free") * 100, None),
        (b"no film at all", None),
        (b"", None),
    ],
)
def test_a_header_that_does_not_say_is_no_error(
    tmp_path: Path, data: bytes, expected: float | None
) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    assert length.seconds(tmp_path / "a.mp4") == expected


def test_a_film_that_is_gone_has_no_length(tmp_path: Path) -> None:
    assert length.seconds(tmp_path / "gone.mp4") is None
