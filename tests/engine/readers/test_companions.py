from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.readers.companions import FOLLOWER_EXTENSIONS, Beside, sidecar_names


@pytest.mark.parametrize(
    ("name", "beside", "leader"),
    [
        ("IMG_1.CR2", ["IMG_1.JPG"], "IMG_1.JPG"),
        ("IMG_1.cr3", ["img_1.jpeg"], "img_1.jpeg"),
        ("DSC_1.NEF", ["DSC_1.HEIC"], "DSC_1.HEIC"),
        ("IMG_1.JPG", ["IMG_1.CR2"], None),
        ("IMG_1.CR2", ["IMG_10.JPG"], None),
        ("IMG_1.MOV", ["IMG_1.HEIC"], "IMG_1.HEIC"),
        ("IMG_1.MOV", ["IMG_1.HEIC", "IMG_1.JPG"], "IMG_1.HEIC"),
        ("IMG_1.MOV", ["IMG_1.JPG"], "IMG_1.JPG"),
        ("IMG_1.mp4", ["IMG_1.heic"], "IMG_1.heic"),
        ("IMG_1.MP", ["IMG_1.HEIC", "IMG_1.JPG"], "IMG_1.HEIC"),
        ("How to bake bread.mp4", ["How to bake bread.jpg"], None),
        ("IMG_1.MOV", [], None),
        ("film.avi", ["film.jpg"], None),
        ("IMG_1.HEIC", ["IMG_1.MOV"], None),
        ("IMG_1.jpg.xmp", ["IMG_1.jpg"], "IMG_1.jpg"),
        ("IMG_1.xmp", ["IMG_1.jpg"], "IMG_1.jpg"),
        ("IMG_1.xmp", ["IMG_1.CR2", "IMG_1.JPG"], "IMG_1.JPG"),
        ("IMG_1.CR2.xmp", ["IMG_1.CR2", "IMG_1.JPG"], "IMG_1.JPG"),
        ("IMG_1.xmp", ["IMG_1.CR2"], "IMG_1.CR2"),
        ("film.xmp", ["film.avi"], "film.avi"),
        ("IMG_1.AAE", ["IMG_1.HEIC", "IMG_1.MOV"], "IMG_1.HEIC"),
        ("IMG_O1.AAE", ["IMG_1.HEIC"], "IMG_1.HEIC"),
        ("alone.xmp", [], None),
        ("notes.txt", ["notes.jpg"], None),
        (".xmp", ["a.jpg"], None),
        ("", ["a.jpg"], None),
    ],
)
def test_what_belongs_together_has_one_leader(
    name: str, beside: list[str], leader: str | None
) -> None:
    assert Beside([name, *beside]).leader_of(name) == leader


@pytest.mark.parametrize(
    ("name", "leader"),
    [("a.cr2", None), ("a.mov", None), ("a.xmp", "a.cr2"), ("a.JPG.xmp", "a.JPG")],
)
def test_what_cannot_be_read_leads_no_picture(name: str, leader: str | None) -> None:
    beside = Beside(["a.JPG", "a.cr2", "a.mov", "a.xmp", "a.JPG.xmp"], unreadable=["a.JPG"])
    assert beside.leader_of(name) == leader


@pytest.mark.parametrize(("size_bytes", "leader"), [(4_000_000, "a.jpg"), (90_000_000, None)])
def test_a_film_with_a_poster_is_no_live_photo(size_bytes: int, leader: str | None) -> None:
    beside = Beside(["a.jpg", "a.MOV"], sizes_bytes={"a.MOV": size_bytes})
    assert beside.leader_of("a.MOV") == leader


@pytest.mark.parametrize(
    ("film", "photo"),
    [
        ("IMG_1.MP4", "IMG_1.JPG"),
        ("IMG_1.MP", "IMG_1.jpg"),
        ("PXL_1.MP", "PXL_1.MP.jpg"),
        ("PXL_1.MP.mp4", "PXL_1.MP.jpg"),
    ],
)
def test_an_exported_film_follows_a_jpeg_where_it_is_short(film: str, photo: str) -> None:
    assert Beside([film, photo], is_short={film: True}.__getitem__).leader_of(film) == photo
    assert Beside([film, photo], is_short={film: False}.__getitem__).leader_of(film) is None
    large = Beside([film, photo], sizes_bytes={film: 90_000_000}, is_short=lambda _: True)
    assert large.leader_of(film) is None


@given(
    st.lists(
        st.builds(
            "{}{}".format,
            st.sampled_from(["a", "b", "IMG_1", "img_1", "IMG_O1", "a.jpg", "a.cr2"]),
            st.sampled_from(
                [".jpg", ".JPG", ".heic", ".cr2", ".mov", ".mp", ".xmp", ".aae", ".txt", ""]
            ),
        ),
        unique=True,
    ),
    st.booleans(),
)
def test_a_leader_is_a_neighbour_that_follows_nobody(names: list[str], short: bool) -> None:
    beside = Beside(names, is_short=lambda _: short)
    for name in names:
        leader = beside.leader_of(name)
        if leader is not None:
            assert leader in names
            assert leader != name
            assert beside.leader_of(leader) is None
            assert Path(name).suffix.lower() in FOLLOWER_EXTENSIONS


def test_a_sidecar_has_the_name_of_its_photo() -> None:
    assert set(sidecar_names("IMG_1.jpg")) >= {"IMG_1.jpg.xmp", "IMG_1.xmp"}
