"""Where people keep photos and documents, on this computer."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths

_PLACES = (
    QStandardPaths.StandardLocation.PicturesLocation,
    QStandardPaths.StandardLocation.DocumentsLocation,
)


def usual_folders() -> tuple[Path, ...]:
    """Those that there are. Some desktops name the whole home, which is none of them."""
    named = dict.fromkeys(Path(QStandardPaths.writableLocation(place)) for place in _PLACES)
    return tuple(folder for folder in named if folder.is_dir() and folder != Path.home())
