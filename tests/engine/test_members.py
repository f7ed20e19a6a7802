"""Files inside files: archives and attachments, in a library of real ones."""

import email.message
import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.errors import KeepsightError
from engine.library import Library
from engine.paths import Home
from engine.readers.isolation import ReaderPool
from engine.readings import Kind, SkipReason
from engine.search_records import Query


def index(library: Library, folder: Path) -> None:
    for _ in library.index([folder]):
        pass


def names(library: Library, words: str = "") -> list[str]:
    return [hit.member or hit.path.name for hit in library.search(Query(words)).hits]


@pytest.fixture
def archive(pictures: Path, make_photo, tmp_path: Path) -> Path:
    photo = make_photo(tmp_path / "kite.jpg")
    with zipfile.ZipFile(pictures / "holiday.zip", "w") as file:
        file.write(photo, "beach/kite.jpg")
        file.writestr("letter.txt", "The tenant shall pay the deposit.")
        file.writestr("program.bin", bytes(range(256)) * 20)
        file.writestr("nothing.txt", "")
    return pictures / "holiday.zip"


def test_what_is_in_an_archive_is_found_with_its_name(library: Library, archive: Path) -> None:
    index(library, archive.parent)
    (letter, *_) = library.search(Query("tenant deposit")).hits
    assert (letter.path, letter.member, letter.kind) == (archive, "letter.txt", Kind.DOCUMENT)
    assert "kite.jpg" in {Path(name).name for name in names(library, "kite")}
    assert {hit.kind for hit in library.search(Query()).hits} == {*Kind} - {Kind.VIDEO}
    counts = library.counts()
    assert counts.files == counts.indexed == 1
    assert (counts.photos, counts.documents, counts.archives) == (1, 1, 1)


def test_as_many_are_counted_as_are_listed(library: Library, archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        (archive.parent / "copy.txt").write_bytes(file.read("letter.txt"))
    index(library, archive.parent)
    counts, listed = library.counts(), library.search(Query()).hits
    assert counts.documents == sum(hit.kind is Kind.DOCUMENT for hit in listed)
    assert list(counts.listed_in.values()) == [len(listed)]


def test_what_could_not_be_read_inside_is_accounted_for(library: Library, archive: Path) -> None:
    index(library, archive.parent)
    skips = {skip.member: skip.reason for skip in library.skips()}
    assert skips == {"program.bin": SkipReason.UNSUPPORTED, "nothing.txt": SkipReason.EMPTY}
    assert {skip.path for skip in library.skips()} == {archive}
    reasons = library.counts().skipped_by_reason
    assert reasons == {SkipReason.UNSUPPORTED: 1, SkipReason.EMPTY: 1}


def test_a_date_of_no_sense_inside_stops_nothing(library: Library, pictures: Path) -> None:
    with tarfile.open(pictures / "old.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        for name, mtime in (("letter.txt", 80_000_000_000), ("note.txt", 1)):
            words = f"The tenant shall pay the deposit: {name}".encode()
            file = tarfile.TarInfo(name)
            file.size, file.mtime = len(words), mtime
            archive.addfile(file, io.BytesIO(words))
    index(library, pictures)
    assert "letter.txt" in names(library, "tenant deposit")
    assert library.skips() == []


def test_a_photo_inside_has_a_thumbnail_and_can_be_opened(library: Library, archive: Path) -> None:
    index(library, archive.parent)
    hit = next(hit for hit in library.search(Query()).hits if hit.member == "beach/kite.jpg")
    assert library.thumbnail_async(hit, 256).result()[:2] == b"\xff\xd8"
    copy = library.file_async(hit).result()
    assert copy.name == "kite.jpg"
    with zipfile.ZipFile(archive) as file:
        assert copy.read_bytes() == file.read("beach/kite.jpg")
    archive.write_bytes(b"no archive any more")
    with pytest.raises(KeepsightError, match=r"holiday\.zip › beach/kite\.jpg"):
        library.file_async(hit).result()
    library.close()
    assert not copy.exists()


def test_a_moved_archive_is_not_read_again(library: Library, archive: Path, monkeypatch) -> None:
    index(library, archive.parent)
    before = names(library)
    archive.rename(archive.with_name("moved.zip"))
    monkeypatch.setattr(ReaderPool, "submit_read", None)
    index(library, archive.parent)
    assert names(library) == [name.replace("holiday", "moved") for name in before]


def test_a_copy_beside_the_archive_is_the_same_content(library: Library, archive: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        (archive.parent / "copy.jpg").write_bytes(file.read("beach/kite.jpg"))
    index(library, archive.parent)
    hits = [hit for hit in library.search(Query()).hits if hit.kind is Kind.PHOTO]
    assert [(hit.path.name, hit.member, hit.copies) for hit in hits] == [("copy.jpg", "", 1)]
    assert library.places(hits[0].content_id) == [
        (archive.parent / "copy.jpg", ""),
        (archive, "beach/kite.jpg"),
    ]


def test_what_was_inside_goes_with_its_archive(library: Library, archive: Path) -> None:
    index(library, archive.parent)
    archive.unlink()
    index(library, archive.parent)
    assert names(library) == names(library, "tenant deposit") == []
    library.remove_folder(library.folders()[0].id)
    connection = library._database.reading()
    for table in ("contents", "segments", "members", "embeddings", "passage_words", "member_words"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table


def test_an_archive_in_an_archive_is_told_but_not_opened(library: Library, archive: Path) -> None:
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as file:
        file.write(archive, "inner.zip")
    archive.write_bytes(outer.getvalue())
    index(library, archive.parent)
    assert set(names(library)) == {"holiday.zip", "inner.zip"}
    assert names(library, "tenant deposit") == []


def test_attachments_are_found_in_their_mail(library: Library, pictures: Path, make_photo) -> None:
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"] = "The flat in Hamburg", "Ada <ada@example.org>"
    mail["Date"] = "Sat, 13 Apr 2024 15:30:00 +0200"
    mail.set_content("Please find the invoice attached.")
    photo = make_photo(pictures / "photo.jpg")
    mail.add_attachment(photo.read_bytes(), "image", "jpeg", filename="hall.jpg")
    mail.add_attachment(b"Invoice 4711: new windows", "text", "plain", filename="i.txt")
    photo.unlink()
    (pictures / "mail.eml").write_bytes(mail.as_bytes())
    index(library, pictures)
    assert names(library, "windows")[0] == "i.txt"
    assert names(library, "invoice attached")[0] == "mail.eml"
    (found, *_) = library.search(Query("invoice by:ada after:2024-04 before:2024-05")).hits
    assert (found.details.title, found.member) == ("The flat in Hamburg", "")
    assert "hall.jpg" in names(library)


def test_another_model_is_given_what_is_inside_too(library: Library, archive: Path, home) -> None:
    """A model that is new to the library reads photos inside archives again."""
    index(library, archive.parent)
    with library._database.writing() as connection:
        connection.execute("DELETE FROM embeddings")
    library.close()
    shutil.rmtree(home.vectors, ignore_errors=True)
    with Library.open(home) as again:
        index(again, archive.parent)
        pictures, texts = (
            len(index_)
            for index_ in (
                again._models.active.vectors.pictures,
                again._models.active.vectors.texts,
            )
        )
        assert (pictures, texts) == (1, 1)


def test_a_copy_is_kept_for_as_long_as_the_library_that_made_it(home: Home, archive: Path) -> None:
    with Library.open(home) as window:
        index(window, archive.parent)
        hit = next(hit for hit in window.search(Query()).hits if hit.member == "letter.txt")
        copy = window.file_async(hit).result()
        with Library.open(home) as terminal:
            assert terminal.search(Query("tenant deposit")).hits
        assert copy.exists()
    assert not copy.exists()
