"""What a drop or a paste brings: folders to watch, a picture to search with, or words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True)
class Taken:
    """What was brought; a picture comes before words."""

    folders: tuple[Path, ...] = ()
    picture: Path | None = None
    text: str = ""


def take(mime: QMimeData, scratch: Path) -> Taken:
    """Takes what there is; a picture that is no file is written into `scratch`."""
    paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
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
    has_files = any(url.isLocalFile() for url in mime.urls())
    # Cells of a sheet come as a picture too.
    return has_files or (mime.hasImage() and not mime.hasFormat("text/plain"))


def promise(mime: QMimeData) -> str:
    """Says what dropping this would do."""
    folders = any(Path(url.toLocalFile()).is_dir() for url in mime.urls())
    return "Drop to watch this folder" if folders else "Drop to search with this picture"
