from datetime import datetime
from pathlib import Path

import pytest

from engine.readers.family import NotReadableError
from engine.readers.formats import epub, opendocument, word
from engine.readings import WHOLE, PixelSpec, SkipReason, Spot
from tests.engine.readers.formats import office_files
from tests.engine.readers.formats.office_files import package, png

SPEC = PixelSpec(32, squash=True)
CHAPTER = "<html><head><title>The book</title></head><body>{}</body></html>"


def refused(path: Path) -> SkipReason:
    with pytest.raises(NotReadableError) as caught:
        epub.read(path, SPEC)
    assert caught.value.failure.detail
    return caught.value.failure.reason


def test_passages_carry_the_chapter_that_they_are_in(tmp_path: Path) -> None:
    path = office_files.epub(
        tmp_path / "a.epub",
        {
            "b one.xhtml": CHAPTER.format("<h1 class='x'>The  <i>sea</i></h1><p>It was calm.</p>"),
            "a.xhtml": CHAPTER.format("<p>It went on.</p><script>evil()</script>"),
            "c.xhtml": CHAPTER.format("<h2>北京</h2><p>长城</p>"),
        },
    )
    found = [(p.section, p.text.split()) for p in epub.read(path, SPEC).passages]
    assert found == [
        ("The sea", ["The", "sea", "It", "was", "calm."]),
        ("The sea", ["It", "went", "on."]),
        ("北京", ["北京", "长城"]),
    ]


def test_details_are_what_the_book_says_of_itself_and_its_cover_is_its_picture(
    tmp_path: Path,
) -> None:
    path = office_files.epub(
        tmp_path / "a.epub",
        {"a.xhtml": CHAPTER.format("<p>words</p>")},
        "<dc:title>The <i>sea</i></dc:title><dc:creator>Ada Winter</dc:creator>"
        "<dc:creator>Bo Li</dc:creator><dc:language>de-CH</dc:language>"
        "<dc:date>1851</dc:date><dc:date>2019-02-03</dc:date><dc:subject>Whales</dc:subject>",
        **{"OPS/cover.png": png("blue")},
    )
    reading = epub.read(path, SPEC)
    details = reading.details
    assert (details.title, details.author) == ("The sea", "Ada Winter, Bo Li")
    assert (details.language, details.keywords) == ("de", ("Whales",))
    assert details.taken_at == datetime(2019, 2, 3)
    (picture,) = reading.pictures
    assert picture.spot == Spot(page=1)
    assert picture.pixels[16, 16].tolist() == [0, 0, 255]
    assert epub.picture(path, WHOLE, 60).size == (60, 40)


def test_a_book_that_only_its_shop_opens_is_encrypted_and_scrambled_fonts_are_not(
    tmp_path: Path,
) -> None:
    listed = "<encryption><CipherData><CipherReference URI='{}'/></CipherData></encryption>"
    chapters = {"a b.xhtml": CHAPTER.format("words")}
    for number, (uri, is_read) in enumerate(
        {"OPS/text/a%20b.xhtml": False, "OPS/font.otf": True}.items()
    ):
        path = office_files.epub(
            tmp_path / f"{number}.epub",
            chapters,
            **{"META-INF/encryption.xml": listed.format(uri)},
        )
        if is_read:
            assert epub.read(path, SPEC).passages
        else:
            assert refused(path) is SkipReason.ENCRYPTED


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    empty = office_files.epub(tmp_path / "a.epub", {"a.xhtml": CHAPTER.format("")})
    assert refused(empty) is SkipReason.NO_TEXT
    assert refused(package(tmp_path / "b.epub", {"mimetype": "x"})) is SkipReason.CORRUPT
    bomb = office_files.epub(tmp_path / "c.epub", {"a.xhtml": " " * 30_000_000})
    assert refused(bomb) is SkipReason.TOO_LARGE


def test_a_book_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    path = office_files.epub(tmp_path / "a.zip", {})
    assert epub.probe(path)
    assert not opendocument.probe(path)
    assert not word.FAMILY.probe(path)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "section", "words"),
    [
        ("testEPUB.epub", "Chapter 2", "text for chapter Two"),
        ("testEPUB_xml_ext.epub", "Chapter 1", "clocks were striking thirteen"),
        ("testEPUB_multi-metadata-vals.epub", "II", "Callan"),
    ],
)
def test_real_books_give_their_words(samples: Path, name: str, section: str, words: str) -> None:
    reading = epub.read(samples / "documents" / name, SPEC)
    assert any(words in p.text for p in reading.passages if p.section == section)
    assert reading.details.language == "en"
