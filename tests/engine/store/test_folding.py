"""Text that people take for the same, and text that they do not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.folding import folded, folders_of, last_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Reykjavík", "REYKJAVIK"),
        ("Jönköping", "jonkoping"),
        ("Straße", "STRASSE"),
        ("ＩＭＧ＿１", "img_1"),
        ("東京", "東京"),
        ("각", unicodedata.normalize("NFD", "각")),
    ],
)
def test_case_accents_and_width_do_not_matter(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("か", "が"), ("가", "각"), ("東", "东"), ("1", "l")])
def test_other_letters_stay_others(one: str, other: str) -> None:
    assert folded(other) not in folded(one)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    "path", [b"Trips/Caf\xc3\xa9.JPG", "Trips\\Cafe\u0301.jpg", b"caf\xc3\xa9.jpg"]
)
def test_the_last_name_of_a_path_is_folded(path: bytes | str) -> None:
    assert last_name(path) == "cafe.jpg"


def test_bytes_of_no_encoding_have_a_name() -> None:
    assert last_name(b"a/\xff.jpg") == "\ufffd.jpg"


@pytest.mark.parametrize(
    ("root", "relative", "folders"),
    [
        (b"/media/Pictures", b"Trips/Rome/a.jpg", "/pictures/trips/rome/"),
        (b"/media/Pictures", b"a.jpg", "/pictures/"),
        (b"D:\\", b"Trips\\a.jpg", "/d:/trips/"),
        (b"/", b"Trips/a.jpg", "//trips/"),
        ("/旅行".encode(), b"\xff/a.jpg", "/旅行/�/"),
    ],
)
def test_folders_begin_with_the_watched_one(root: bytes, relative: bytes, folders: str) -> None:
    assert folders_of(root, relative) == folders
