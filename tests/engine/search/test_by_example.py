"""Searching with a file: pages are found by pictures, pictures by pages, texts by texts."""

from pathlib import Path

import pytest
from PIL import Image

from engine.library import Library
from engine.readings import Kind
from engine.search_records import Query


@pytest.fixture
def shelf(library: Library, pictures: Path, make_photo) -> Path:
    """Some photos, and a document of two pages, each of them a picture of its own."""
    for seed in range(6):
        make_photo(pictures / f"{seed}.png", seed=seed, size=(320, 320))
    pages = [Image.open(make_photo(pictures.parent / f"p{n}.png", n, (320, 320))) for n in (3, 20)]
    pages[0].save(pictures / "album.pdf", save_all=True, append_images=pages[1:])
    (pictures / "note.txt").write_text("Boats in a harbour at night.")
    for _ in library.index([pictures]):
        pass
    return pictures


def test_a_picture_finds_the_page_that_shows_it(library: Library, shelf: Path) -> None:
    hits = library.search(Query(picture=shelf / "3.png")).hits
    assert {hits[0].path.name, hits[1].path.name} == {"3.png", "album.pdf"}
    page = next(hit for hit in hits if hit.kind is Kind.DOCUMENT)
    assert page.spot.page == 1
    assert page.has_picture
    assert library.thumbnail_async(page, 256).result() is not None


def test_a_page_finds_the_picture(library: Library, shelf: Path, make_photo) -> None:
    with Image.open(make_photo(shelf.parent / "again.png", 3, (320, 320))) as image:
        image.save(shelf.parent / "one.pdf")
    hits = library.search(Query(picture=shelf.parent / "one.pdf")).hits
    assert {hits[0].path.name, hits[1].path.name} == {"3.png", "album.pdf"}


def test_more_like_a_document_with_both_compares_each_with_its_own(
    library: Library, shelf: Path
) -> None:
    album = next(hit for hit in library.search(Query()).hits if hit.path.name == "album.pdf")
    assert library.search(Query(like=album.content_id)).hits[0].path.name == "3.png"


def test_more_like_a_page_compares_that_page(library: Library, shelf: Path, make_photo) -> None:
    pages = [Image.open(shelf / f"{n}.png") for n in (1, 4)]
    pages[0].save(shelf / "two.pdf", save_all=True, append_images=pages[1:])
    for _ in library.index([shelf]):
        pass
    for page in (1, 2):
        asked = Query(picture=shelf / f"{(1, 4)[page - 1]}.png", kind=Kind.DOCUMENT)
        hit = library.search(asked).hits[0]
        assert (hit.path.name, hit.spot.page) == ("two.pdf", page)
        like = Query(like=hit.content_id, like_segment=hit.segment_id)
        assert library.search(like).hits[0].path == asked.picture
    assert library.search(Query(like=hit.content_id)).hits[0].path.name == "1.png"
