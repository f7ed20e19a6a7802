"""What a cloud drive keeps elsewhere is told and never fetched."""

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.readers import hashing, registry
from engine.readers.cloud import InCloudError
from engine.readings import PixelSpec, ReadFailure, SkipReason

PLACEHOLDERS = [
    {"st_file_attributes": stat.FILE_ATTRIBUTE_OFFLINE},
    {"st_file_attributes": 0x00400000},
    {"st_file_attributes": 0x00040000},
    {"st_flags": 0x40000000},
]


@pytest.fixture(params=PLACEHOLDERS)
def placeholder(request, pictures: Path, make_photo, monkeypatch) -> Path:
    """A photo that is in the cloud as far as the system tells; whoever opens it fails."""
    path = make_photo(pictures / "a.jpg")
    look, opened = os.stat, os.open

    def marked(looked: Path | str, **options: bool) -> os.stat_result | SimpleNamespace:
        status = look(looked, **options)
        if looked != path:
            return status
        fields = {name: getattr(status, name) for name in dir(status) if name.startswith("st_")}
        return SimpleNamespace(**fields, **request.param)

    def refuse(asked: Path | str, *arguments: int, **options: int) -> int:
        assert asked != path
        return opened(asked, *arguments, **options)

    monkeypatch.setattr(os, "stat", marked)
    monkeypatch.setattr(os, "open", refuse)
    return path


def test_it_is_neither_hashed_nor_read_nor_drawn(placeholder: Path) -> None:
    with pytest.raises(InCloudError):
        hashing.content_hash(placeholder)
    for outcome in (
        registry.read(placeholder, PixelSpec(64, squash=True)),
        registry.thumbnail(placeholder, 64),
    ):
        assert isinstance(outcome, ReadFailure)
        assert "only in the cloud" in outcome.detail


def test_it_is_not_opened_to_see_what_it_is(placeholder: Path, monkeypatch) -> None:
    monkeypatch.setattr(registry, "_BY_EXTENSION", {})
    with pytest.raises(InCloudError):
        registry.is_read(placeholder)


def test_it_is_indexed_once_it_is_here(library, placeholder: Path, monkeypatch) -> None:
    list(library.index([placeholder.parent]))
    (skip,) = library.skips()
    assert skip.reason is SkipReason.UNREADABLE
    assert "only in the cloud" in skip.detail
    monkeypatch.undo()
    list(library.index([placeholder.parent]))
    assert library.skips() == []
    assert library.counts().photos == 1
