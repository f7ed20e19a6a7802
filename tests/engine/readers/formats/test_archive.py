import random
import struct
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from engine.readers.family import MemberFile, NotReadableError
from engine.readers.formats import archive
from engine.readers.packages import members
from engine.readings import Kind, PixelSpec, ReadFailure, SkipReason

SPEC = PixelSpec(8, squash=True)


def written(path: Path, files: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as made:
        for name, data in files.items():
            made.writestr(zipfile.ZipInfo(name, (2024, 4, 13, 20, 36, 30)), data, packing)
    return path


def by_name(path: Path) -> dict[str, bytes | ReadFailure]:
    return {file.name: file.data for file in archive.inside(path)}


def reason(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        archive.read(path, SPEC)
    return caught.value.failure.reason


@pytest.mark.parametrize(
    "packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_the_files_inside_are_members(tmp_path: Path, packing: int) -> None:
    files = {"notes.txt": b"words " * 9000, "2024/été.jpg": b"\xff\xd8"}
    path = written(tmp_path / "a.zip", files, packing)
    assert archive.read(path, SPEC).kind is Kind.ARCHIVE
    assert by_name(path) == files
    first = next(archive.inside(path))
    assert first == MemberFile("notes.txt", files["notes.txt"], datetime(2024, 4, 13, 20, 36, 30))


def test_folders_and_litter_are_left_out(tmp_path: Path) -> None:
    files = {"a/": b"", "a/b.txt": b"b", "__MACOSX/a/._b.txt": b"x", "a/.DS_Store": b"x"}
    assert by_name(written(tmp_path / "a.zip", files)) == {"a/b.txt": b"b"}


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["文章一.txt", "写真の説明.txt"], "cp932"),
        (["我们去年秋天在北京.txt", "看了长城天气很好.txt"], "gbk"),
        (["Größe.txt", "Ärger über Öl.txt"], "utf-8"),
    ],
)
def test_names_in_old_encodings_are_told(tmp_path: Path, names: list[str], encoding: str) -> None:
    path = tmp_path / "a.zip"
    stand_ins = [f"{number}".rjust(len(name.encode(encoding))) for number, name in enumerate(names)]
    written(path, dict.fromkeys(stand_ins, b"x"))
    data = path.read_bytes()
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in.encode(), name.encode(encoding))
    path.write_bytes(data)
    assert list(by_name(path)) == names


def test_no_name_leads_out(tmp_path: Path) -> None:
    files = {"../../evil.txt": b"1", "/etc/passwd": b"2", "\x01": b"3"}
    assert by_name(written(tmp_path / "a.zip", files)) == {
        "evil.txt": b"1",
        "etc/passwd": b"2",
        "file 3": b"3",
    }


def locked(path: Path, names: list[bytes]) -> Path:
    """Sets the mark that a file is encrypted, in front of it and in the table of contents."""
    data = bytearray(path.read_bytes())
    for signature, flags_at, name_at in ((b"PK\3\4", 6, 30), (b"PK\1\2", 8, 46)):
        at = data.find(signature)
        while at >= 0:
            if any(data[at + name_at :].startswith(name) for name in names):
                data[at + flags_at] |= 1
            at = data.find(signature, at + 1)
    path.write_bytes(data)
    return path


def test_a_locked_file_says_so_and_others_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"open.txt": b"1", "locked.txt": b"2"})
    found = by_name(locked(path, [b"locked.txt"]))
    assert found["open.txt"] == b"1"
    assert isinstance(found["locked.txt"], ReadFailure)
    assert found["locked.txt"].reason is SkipReason.ENCRYPTED


def test_a_locked_archive_is_encrypted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"a.txt": b"1", "b.txt": b"2"})
    assert reason(locked(path, [b"a.txt", b"b.txt"])) is SkipReason.ENCRYPTED


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_is_refused(tmp_path: Path, packing: int) -> None:
    path = written(tmp_path / "a.zip", {"bomb": b"\0" * (50 << 20), "a.txt": b"1"}, packing)
    found = by_name(path)
    assert isinstance(found["bomb"], ReadFailure)
    assert found["bomb"].reason is SkipReason.TOO_LARGE
    assert found["a.txt"] == b"1"


def test_a_bomb_that_understates_its_size_is_cut_short(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"bomb": b"\0" * (5 << 20)})
    data = path.read_bytes().replace(struct.pack("<I", 5 << 20), struct.pack("<I", 100))
    path.write_bytes(data)
    found = by_name(path)["bomb"]
    assert isinstance(found, ReadFailure)
    assert found.reason is SkipReason.CORRUPT


def test_members_are_bounded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(members, "MOST_MEMBERS", 4)
    files = {f"{number}.txt": b"x" for number in range(9)}
    assert len(by_name(written(tmp_path / "a.zip", files))) == 4


def test_too_long_a_table_of_contents_is_not_read(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(archive, "MOST_LISTED_BYTES", 100)
    path = written(tmp_path / "a.zip", {f"{number}.txt": b"x" for number in range(9)})
    assert reason(path) is SkipReason.TOO_LARGE


def test_an_archive_of_nothing_is_empty(tmp_path: Path) -> None:
    assert reason(written(tmp_path / "a.zip", {})) is SkipReason.EMPTY


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        (["a.jpg", "b.txt"], True),
        (["mimetype", "content.xml"], False),
        (["[Content_Types].xml", "word/document.xml"], False),
        (["word/document.xml", "[Content_Types].xml"], False),
        (["META-INF/MANIFEST.MF", "a.class"], False),
        (["a.class", "META-INF/MANIFEST.MF"], False),
        (["classes.dex", "AndroidManifest.xml"], False),
    ],
)
def test_documents_that_are_zip_files_are_left_to_their_readers(
    tmp_path: Path, names: list[str], is_one: bool
) -> None:
    path = written(tmp_path / "a", dict.fromkeys(names, b"x"))
    assert archive.FAMILY.recognises(path.read_bytes()[:512])
    assert archive.is_archive(path) is is_one


def test_a_document_inside_does_not_make_it_one(tmp_path: Path) -> None:
    inner = written(tmp_path / "inner", {"[Content_Types].xml": b"x"}).read_bytes()
    path = written(tmp_path / "a", {"letter.docx": inner}, zipfile.ZIP_STORED)
    assert archive.is_archive(path)


def test_a_truncated_archive_is_corrupt(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"a.txt": b"words " * 100})
    path.write_bytes(path.read_bytes()[:-30])
    assert reason(path) is SkipReason.CORRUPT


def test_mutated_archives_are_read_or_refused(tmp_path: Path) -> None:
    files = {"a.txt": b"words " * 100, "b/c.bin": random.Random(1).randbytes(300)}
    whole = written(tmp_path / "a.zip", files).read_bytes()
    path = tmp_path / "b.zip"
    chance = random.Random(2)
    read = 0
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data if chance.random() < 0.8 else data[: chance.randrange(len(data))])
        archive.is_archive(path)
        try:
            archive.read(path, SPEC)
            read += any(isinstance(data, bytes) for data in by_name(path).values())
        except NotReadableError as error:
            assert error.failure.reason in SkipReason
    assert 0 < read < 600


@pytest.mark.samples
def test_real_archives_are_read(samples: Path) -> None:
    names = by_name(samples / "documents" / "testZipEntryNameCharsetShiftSJIS.zip")
    assert list(names) == ["文章1.txt", "文章2.txt"]
    partly = by_name(samples / "documents" / "testZipEncrypted.zip")
    assert partly["unencrypted.txt"] == b"hello world\r\n"
    assert isinstance(partly["encrypted.txt"], ReadFailure)


@pytest.mark.samples
def test_no_real_document_is_taken_for_an_archive(samples: Path) -> None:
    zipped = [
        path
        for path in (samples / "documents").iterdir()
        if path.is_file() and path.suffix != ".zip" and path.read_bytes()[:4] == b"PK\3\4"
    ]
    assert len(zipped) > 20
    assert [path.name for path in zipped if archive.is_archive(path)] == []
