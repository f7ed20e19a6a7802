"""Thumbnails on disk: only of bytes that were indexed, and for as long as these are known."""

from pathlib import Path

import pytest

from engine.library import Library
from engine.paths import Home
from engine.search_records import Hit, Query
from engine.store import contents


def index(library: Library, folder: Path) -> None:
    for _ in library.index([folder]):
        pass


def only_hit(library: Library) -> Hit:
    (hit,) = library.search(Query()).hits
    return hit


def kept(home: Home) -> list[Path]:
    return list(home.thumbnails.rglob("*.jpg"))


def test_a_photo_edited_since_it_was_indexed_is_not_kept_as_what_it_was(
    home: Home, library: Library, pictures: Path, make_photo
) -> None:
    photo = make_photo(pictures / "a.png", seed=1)
    index(library, pictures)
    hit = only_hit(library)
    make_photo(photo, seed=2, size=(120, 80))
    edited = library.thumbnail_async(hit, 256).result()
    assert edited is not None
    assert kept(home) == []
    index(library, pictures)
    assert library.thumbnail_async(only_hit(library), 256).result() == edited
    assert len(kept(home)) == 1


def test_a_photo_deleted_long_ago_leaves_no_thumbnail(
    home: Home, library: Library, pictures: Path, make_photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(pictures / "a.png", seed=1)
    index(library, pictures)
    assert library.thumbnail_async(only_hit(library), 256).result() is not None
    photo.unlink()
    index(library, pictures)
    assert len(kept(home)) == 1, "it may come back"
    monkeypatch.setattr(contents, "ORPHAN_DAYS", 0)
    index(library, pictures)
    assert kept(home) == []
