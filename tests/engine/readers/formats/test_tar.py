import bz2
import io
import random
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import tar
from engine.readers.packages import members
from engine.readings import Kind, PixelSpec, ReadFailure, SkipReason

SPEC = PixelSpec(8, squash=True)
PACKINGS = ["", "gz", "bz2", "xz"]


def written(path: Path, files: dict[str, bytes], packing: str = "") -> Path:
    with tarfile.open(path, f"w:{packing}") as made:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_713_040_590
            made.addfile(info, io.BytesIO(data))
    return path


def by_name(path: Path) -> dict[str, bytes | ReadFailure]:
    return {file.name: file.data for file in tar.inside(path)}


def reason(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        tar.read(path, SPEC)
    return caught.value.failure.reason


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_files_inside_are_members(tmp_path: Path, packing: str) -> None:
    files = {"notes.txt": b"words " * 9000, "2024/été 北京.jpg": b"\xff\xd8"}
    path = written(tmp_path / "a", files, packing)
    assert tar.FAMILY.recognises(path.read_bytes()[:512])
    assert tar.is_tar(path)
    assert tar.read(path, SPEC).kind is Kind.ARCHIVE
    assert by_name(path) == files
    modified_at = next(tar.inside(path)).modified_at
    assert modified_at == datetime(2024, 4, 13, 20, 36, 30, tzinfo=UTC)


def test_links_folders_and_litter_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as made:
        for name, kind in (
            ("folder", tarfile.DIRTYPE),
            ("passwd", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("._a.txt", tarfile.REGTYPE),
            ("../a.txt", tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            made.addfile(info)
    assert by_name(path) == {"a.txt": b""}


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_is_too_large_is_passed_over(tmp_path: Path, monkeypatch, packing: str) -> None:
    monkeypatch.setattr(members, "MOST_MEMBER_BYTES", 10_000)
    path = written(tmp_path / "a", {"bomb": b"\0" * 50_000, "a.txt": b"1"}, packing)
    found = by_name(path)
    assert isinstance(found["bomb"], ReadFailure)
    assert found["a.txt"] == b"1"


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tar, "MOST_UNPACKED_BYTES", 1 << 20)
    path = written(tmp_path / "a.tgz", {"a": b"1", "bomb": b"\0" * (4 << 20), "b": b"2"}, "gz")
    monkeypatch.setattr(members, "MOST_MEMBER_BYTES", 1 << 20)
    assert list(by_name(path)) == ["a", "bomb"]


def test_members_are_bounded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 4)
    files = {f"{number}.txt": b"x" for number in range(9)}
    assert len(by_name(written(tmp_path / "a.tar", files))) == 4


def test_what_is_packed_but_no_archive_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bz2.compress(b"words " * 9000))
    assert not tar.is_tar(tmp_path / "a")
    (tmp_path / "b").write_bytes(b"\x1f\x8b\x08 no gzip")
    assert not tar.is_tar(tmp_path / "b")


def test_an_archive_of_nothing_is_empty(tmp_path: Path) -> None:
    assert reason(written(tmp_path / "a.tar", {})) is SkipReason.EMPTY


def test_what_is_no_archive_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(random.Random(1).randbytes(9000))
    assert reason(tmp_path / "a.tar") is SkipReason.CORRUPT


@pytest.mark.parametrize("packing", PACKINGS)
def test_mutated_archives_are_read_or_refused(tmp_path: Path, packing: str) -> None:
    files = {"a.txt": b"words " * 100, "b/c.bin": random.Random(1).randbytes(3000)}
    whole = written(tmp_path / "a", files, packing).read_bytes()
    path = tmp_path / "b"
    chance = random.Random(2)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data if chance.random() < 0.8 else data[: chance.randrange(len(data))])
        tar.is_tar(path)
        try:
            tar.read(path, SPEC)
            by_name(path)
        except NotReadableError as error:
            assert error.failure.reason in (SkipReason.CORRUPT, SkipReason.EMPTY)
