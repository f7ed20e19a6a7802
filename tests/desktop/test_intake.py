from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QImage

from desktop import intake


def urls(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_folders_are_watched_and_a_file_is_searched_with(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    taken = intake.take(urls(tmp_path, tmp_path / "a.jpg"), tmp_path)
    assert taken.folders == (tmp_path,)
    assert taken.picture == tmp_path / "a.jpg"
    assert intake.promise(urls(tmp_path)) == "Drop to watch this folder"
    for name in ("a.jpg", "B.WEBP", "c.heic", "d.dng"):
        assert intake.promise(urls(tmp_path / name)) == "Drop to search with this picture"
    assert intake.promise(urls(tmp_path / "a.txt")) == "Drop to search with this file"


def test_a_picture_that_is_no_file_becomes_one(tmp_path: Path, qapp) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    mime = QMimeData()
    mime.setImageData(image)
    taken = intake.take(mime, tmp_path)
    assert QImage(str(taken.picture)).width() == 30
    assert intake.promise(mime) == "Drop to search with this picture"


def test_words_are_words(tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setText("red kite")
    assert intake.take(mime, tmp_path) == intake.Taken(text="red kite")
    assert intake.promise(mime) == "Drop to search for these words"


def test_nothing_is_promised_for_a_link(tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/kite")])
    assert intake.take(mime, tmp_path) == intake.Taken()
    assert intake.promise(mime) == ""
