"""What a drop or a paste brings: folders to watch, a picture to search with, or words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QMimeDatabase
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True)
class Taken:
    """What was brought; a picture comes before words."""

    folders: tuple[Path, ...] = ()
    picture: Path | None = None
    text: str = ""


def take(mime: QMimeData, scratch: Path) -> Taken:
    """Takes what there is; a picture that is no file is written into `scratch`."""
    paths = _paths(mime)
    folders = tuple(path for path in paths if path.is_dir())
    picture = next((path for path in paths if path not in folders), None)
    if picture is None and mime.hasImage():
        image = QImage(mime.imageData())
        written = scratch / f"pasted {image.cacheKey()}.png"
        picture = written if image.save(str(written)) else None
    text = mime.text() if mime.hasText() and not mime.urls() else ""
    return Taken(folders, picture, text)


def is_no_text(mime: QMimeData) -> bool:
    """Whether a text field has no use for this: files, or a picture that no words come with."""
    # Cells of a sheet come as a picture too.
    return bool(_paths(mime)) or (mime.hasImage() and not mime.hasFormat("text/plain"))


def promise(mime: QMimeData) -> str:
    """Says what dropping this would do; "" where there is nothing in it to take."""
    paths = _paths(mime)
    if any(path.is_dir() for path in paths):
        return "Drop to watch this folder"
    if paths:
        by_name = QMimeDatabase.MatchMode.MatchExtension
        kind = QMimeDatabase().mimeTypeForFile(str(paths[0]), by_name).name()
        is_picture = kind.startswith("image/")
        return f"Drop to search with this {'picture' if is_picture else 'file'}"
    if mime.hasImage():
        return "Drop to search with this picture"
    return "Drop to search for these words" if mime.hasText() and not mime.hasUrls() else ""


def _paths(mime: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
