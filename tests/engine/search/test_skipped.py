"""A file that could not be indexed is told where one asks for it by its name."""

from pathlib import Path

import pytest

from engine.library import Library
from engine.readings import SkipReason
from engine.search_records import Query


@pytest.fixture
def scans(library: Library, pictures: Path, make_photo) -> Library:
    make_photo(pictures / "Ski trip" / "Bern.jpg")
    for name in ("Ski trip/broken image.JPG", "broken.xyz", "other/Broken image 2.jpg"):
        path = pictures / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\xff\xd8\xff\xe0 nothing of a photo")
    for _ in library.index([pictures]):
        pass
    return library


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("broken image", ["broken image.JPG", "Broken image 2.jpg"]),
        ("BROKEN IMAGE.jpg", ["broken image.JPG", "Broken image 2.jpg"]),
        ("broken", ["broken image.JPG", "broken.xyz", "Broken image 2.jpg"]),
        ("broken in:ski", ["broken image.JPG"]),
        ("broken ext:xyz type:photo", ["broken.xyz"]),
        ("ski trip", []),
        ("Bern", []),
        ("a broken window", []),
        ("ext:xyz", []),
        ("the", []),
    ],
)
def test_skipped_files_that_have_all_words_in_their_name_are_told(
    scans: Library, text: str, names: list[str]
) -> None:
    result = scans.search(Query(text))
    assert [skip.path.name for skip in result.skips] == names
    assert result.skipped == len(names)
    assert all(skip.detail for skip in result.skips)


def test_of_many_some_are_told_and_all_are_counted(library: Library, pictures: Path) -> None:
    for number in range(5):
        (pictures / f"plan {number}.xyz").write_bytes(b"a plan")
    for _ in library.index([pictures]):
        pass
    result = library.search(Query("plan"))
    assert (result.skipped, len(result.skips)) == (5, 3)
    assert {skip.reason for skip in result.skips} == {SkipReason.UNSUPPORTED}


def test_files_inside_others_are_told_too(library: Library, pictures: Path, samples: Path) -> None:
    locked = samples / "documents" / "testZipEncrypted.zip"
    (pictures / "safe.zip").write_bytes(locked.read_bytes())
    for _ in library.index([pictures]):
        pass
    (skip,) = library.search(Query("encrypted")).skips
    assert (skip.path.name, skip.member) == ("safe.zip", "encrypted.txt")
