"""Room on the disk is looked for before anything is written."""

from __future__ import annotations

import shutil

import pytest

from engine.errors import ModelError
from engine.models.shelf.room import MARGIN_BYTES, in_words, require_room


def test_sizes_are_told_in_the_unit_that_fits():
    sizes = (0, 1_499, 35_400_000, 1_540_000_000)
    assert [in_words(size) for size in sizes] == ["0 kB", "1 kB", "35 MB", "1.5 GB"]


def test_too_little_room_says_how_much_is_needed_and_how_much_there_is(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=MARGIN_BYTES + 10))
    require_room(tmp_path, 10, "It")
    with pytest.raises(ModelError, match=r"It takes 200 MB.*has 200 MB left"):
        require_room(tmp_path, 11, "It")
