"""Files that are shown with another, in a library of real files."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from engine.library import Library
from engine.readers.companions import LIVE_MOVIE_BYTES
from engine.search_records import Query
from tests.engine.readers.formats.films import film, scene
from tests.engine.readers.formats.raw_files import raw_file

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmp:Rating="{stars}"><dc:subject><rdf:Bag><rdf:li>{tag}</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def index(library: Library, folder: Path) -> None:
    for _ in library.index([folder]):
        pass


@pytest.fixture
def pair(pictures: Path, make_photo) -> Path:
    """A photo and the raw file of the same shot."""
    make_photo(pictures / "shot.jpg")
    make_photo(pictures / "raw.tif", seed=2).rename(pictures / "shot.dng")
    return pictures


def test_a_raw_photo_is_shown_with_its_jpeg(library: Library, pair: Path) -> None:
    index(library, pair)
    (hit,) = library.search(Query()).hits
    assert (hit.path.name, hit.companions) == ("shot.jpg", (pair / "shot.dng",))
    counts = library.counts()
    assert (counts.files, counts.indexed, counts.companions, counts.skipped) == (2, 1, 1, 0)
    (folder,) = library.folders()
    assert (folder.files, folder.indexed) == (1, 1), "nothing of it is still to be read"
    assert library.skips() == []


def test_a_live_photo_is_one_with_its_film(library: Library, pictures: Path, make_photo) -> None:
    make_photo(pictures / "img_0001.jpg")
    film(pictures / "img_0001.mov", [scene(1)])
    film(pictures / "other.mov", [scene(2)])
    index(library, pictures)
    hits = {hit.path.name: hit.companions for hit in library.search(Query()).hits}
    assert hits == {"img_0001.jpg": (pictures / "img_0001.mov",), "other.mov": ()}
    assert (library.counts().photos, library.counts().videos) == (1, 1)


def test_a_long_film_stands_beside_its_poster(library: Library, pictures: Path, make_photo) -> None:
    make_photo(pictures / "clip.jpg")
    film(pictures / "clip.mov", [scene(1)])
    os.truncate(pictures / "clip.mov", LIVE_MOVIE_BYTES + 1)
    index(library, pictures)
    hits = {hit.path.name: hit.companions for hit in library.search(Query()).hits}
    assert hits == {"clip.jpg": (), "clip.mov": ()}


def test_an_exported_film_is_one_with_its_jpeg_only_where_it_is_short(
    library: Library, pictures: Path, make_photo
) -> None:
    for name in ("live.jpg", "pixel.MP.jpg", "poster.jpg"):
        make_photo(pictures / name, seed=len(name))
    film(pictures / "live.mp4", [scene(1)])
    film(pictures / "pixel.mp4", [scene(2)]).rename(pictures / "pixel.MP")
    film(pictures / "poster.mp4", [scene(3)], seconds=6)
    for _ in range(2):  # what follows already is not looked at again
        index(library, pictures)
        hits = {hit.path.name: hit.companions for hit in library.search(Query()).hits}
        assert hits == {
            "live.jpg": (pictures / "live.mp4",),
            "pixel.MP.jpg": (pictures / "pixel.MP",),
            "poster.jpg": (),
            "poster.mp4": (),
        }


def test_what_was_shown_with_another_stands_alone_when_that_is_gone(
    library: Library, pair: Path
) -> None:
    index(library, pair)
    (pair / "shot.jpg").unlink()
    index(library, pair)
    counts = library.counts()
    assert (counts.files, counts.companions) == (1, 0)
    assert counts.indexed + counts.skipped == 1


def test_what_stood_alone_follows_the_leader_that_comes(library: Library, pair: Path) -> None:
    (pair / "shot.jpg").rename(pair.parent / "away.jpg")
    index(library, pair)
    assert library.counts().companions == 0
    (pair.parent / "away.jpg").rename(pair / "shot.jpg")
    index(library, pair)
    assert [hit.path.name for hit in library.search(Query()).hits] == ["shot.jpg"]
    assert library.counts().companions == 1


def test_a_sidecar_that_changes_or_goes_is_read_with_its_photo(
    library: Library, pictures: Path, make_photo, embedded
) -> None:
    photo = make_photo(pictures / "beach.jpg")
    sidecar = pictures / "beach.xmp"
    sidecar.write_text(XMP.format(stars=4, tag="holiday"))
    index(library, pictures)
    assert library.search(Query("tag:holiday")).hits[0].path == photo
    assert library.search(Query("rating:4")).hits[0].details.rating == 4
    sidecar.write_text(XMP.format(stars=2, tag="wedding day"))
    index(library, pictures)
    assert library.search(Query("tag:holiday")).hits == ()
    assert library.search(Query("wedding")).hits[0].details.keywords == ("wedding day",)
    sidecar.unlink()
    index(library, pictures)
    assert library.search(Query("tag:wedding")).hits == ()
    assert embedded() == {"starter": 1}, "the photo itself was embedded once"


def test_a_sidecar_without_its_photo_is_a_file_of_another_type(
    library: Library, pictures: Path
) -> None:
    (pictures / "alone.xmp").write_text(XMP.format(stars=1, tag="x"))
    index(library, pictures)
    assert [skip.reason for skip in library.skips()] == ["unsupported"]


def test_folders_apart_are_apart(library: Library, pair: Path) -> None:
    (pair / "elsewhere").mkdir()
    shutil.move(pair / "shot.jpg", pair / "elsewhere" / "shot.jpg")
    index(library, pair)
    assert library.counts().companions == 0


def test_a_raw_photo_beside_a_damaged_jpeg_is_read_in_its_place(
    library: Library, pair: Path
) -> None:
    raw_file(pair / "shot.dng", Image.open(pair / "shot.jpg").resize((640, 480)))
    good = (pair / "shot.jpg").read_bytes()
    (pair / "shot.jpg").write_bytes(good[:200])
    index(library, pair)
    counts = library.counts()
    assert (counts.companions, [skip.path.name for skip in library.skips()]) == (0, ["shot.jpg"])
    assert [hit.path.name for hit in library.search(Query()).hits] == ["shot.dng"]
    (pair / "shot.jpg").write_bytes(good)
    index(library, pair)
    (hit,) = library.search(Query()).hits
    assert (hit.path.name, hit.companions) == ("shot.jpg", (pair / "shot.dng",))
