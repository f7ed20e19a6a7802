"""Folders that are added, and those that cannot be looked at."""

import errno
import os
from pathlib import Path

import pytest

from engine.errors import FolderError
from engine.library import Library


@pytest.mark.parametrize("number", [errno.ENOTCONN, errno.ESTALE, errno.EIO])
def test_a_drive_whose_server_is_gone_cannot_be_added(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    stat = os.stat

    def refuse(path: object, **how: object) -> os.stat_result:
        if str(path) == str(pictures):
            raise OSError(number, os.strerror(number), str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(FolderError):
        library.add_folder(pictures)
    assert library.folders() == []


def test_a_folder_that_is_left_out_by_its_name_is_watched_where_it_is_asked_for(
    library: Library, pictures: Path
) -> None:
    cache = pictures / "Geocaching" / "Cache"
    cache.mkdir(parents=True)
    (cache / "find.txt").write_text("Below the oak.")
    (pictures / "plan.txt").write_text("Saturday.")

    def indexed(*folders: Path) -> set[str]:
        for _ in library.index(folders):
            pass
        return {path.name for path in library.contents_by_path()}

    assert indexed(pictures) == {"plan.txt"}
    assert indexed(cache) == {"find.txt", "plan.txt"}
    assert library.add_folder(cache).path == cache
    assert indexed(pictures.parent, cache) >= {"find.txt", "plan.txt"}
    assert {folder.path for folder in library.folders()} == {pictures.parent, cache}
    with pytest.raises(FolderError, match="already part"):
        library.add_folder(pictures)
