from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices

from desktop import open_files
from engine.errors import KeepsightError


@pytest.fixture(params=[True, False], ids=["a program opens it", "no program does"])
def opens(request, monkeypatch) -> bool:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: request.param)
    return request.param


@pytest.mark.parametrize("act", [open_files.open_file, open_files.reveal])
def test_what_happened_to_a_file_that_does_not_open_is_told(tmp_path: Path, act, opens) -> None:
    for path, happened in (
        (tmp_path / "gone.jpg", "was moved, renamed or deleted"),
        (tmp_path / "drive" / "away.jpg", "connect that"),
    ):
        with pytest.raises(KeepsightError) as raised:
            act(path)
        assert path.name in raised.value.message
        assert happened in raised.value.message


def test_a_file_that_no_program_opens_is_told(tmp_path: Path, opens) -> None:
    (tmp_path / "a.xyz").touch()
    if opens:
        open_files.open_file(tmp_path / "a.xyz")
    else:
        with pytest.raises(KeepsightError, match="has no program for it"):
            open_files.open_file(tmp_path / "a.xyz")
