"""Which folders are offered at first."""

from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths

from desktop.usual_folders import usual_folders


@pytest.fixture
def places(monkeypatch, tmp_path: Path) -> dict[str, Path]:
    """Where this computer is said to keep things, by the name that Qt has for it."""
    named = {"PicturesLocation": tmp_path / "Bilder", "DocumentsLocation": tmp_path / "Papers"}
    monkeypatch.setattr(
        QStandardPaths, "writableLocation", lambda place: str(named.get(place.name, ""))
    )
    return named


def test_those_that_there_are_are_offered(places: dict[str, Path]) -> None:
    assert usual_folders() == ()
    places["DocumentsLocation"].mkdir()
    assert usual_folders() == (places["DocumentsLocation"],)
    places["PicturesLocation"].mkdir()
    assert usual_folders() == (places["PicturesLocation"], places["DocumentsLocation"])


def test_a_whole_home_is_not_offered(places: dict[str, Path]) -> None:
    places["PicturesLocation"] = places["DocumentsLocation"] = Path.home()
    assert usual_folders() == ()
