import os
import tracemalloc
from pathlib import Path

import pytest
from blake3 import blake3

from engine.readers import hashing
from engine.records import Stamp


@pytest.mark.parametrize("size", [0, 1, hashing.CHUNK_BYTES, 3 * hashing.CHUNK_BYTES + 7])
def test_the_hash_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(i % 251 for i in range(size))
    (tmp_path / "a").write_bytes(content)
    digest, stamp = hashing.content_hash(tmp_path / "a")
    assert digest == blake3(content).digest()
    assert len(digest) == 32
    assert stamp == Stamp.of((tmp_path / "a").stat())


def test_a_file_that_is_written_meanwhile_has_no_hash(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"some words")

    class Written:
        def update(self, _chunk: bytes) -> None:
            with path.open("ab") as file:
                file.write(b"more" if path.stat().st_size < 100 else b"")

        def digest(self) -> bytes:
            return bytes(32)

    monkeypatch.setattr(hashing, "blake3", Written)
    assert hashing.content_hash(path) is None


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        hashing.content_hash(tmp_path / "a")
        assert tracemalloc.get_traced_memory()[1] < 4 * hashing.CHUNK_BYTES
    finally:
        tracemalloc.stop()


def test_a_missing_file_raises_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        hashing.content_hash(tmp_path / "gone")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="regular"):
        hashing.content_hash(tmp_path / "pipe")
