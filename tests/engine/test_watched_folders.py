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
