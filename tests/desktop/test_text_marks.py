from PySide6.QtGui import QColor, QPixmap

from desktop.text_marks import lines_with, mark
from engine.readings import Box

ABOVE, BELOW = Box(0.1, 0.1, 0.5, 0.3), Box(0.1, 0.6, 0.9, 0.8)


def test_only_lines_with_the_words_are_marked() -> None:
    text = "Invoice\nnumber 4711\n"
    assert lines_with(["NUMBER"], text, [ABOVE, BELOW]) == [BELOW]
    assert lines_with(["unicorn"], text, [ABOVE, BELOW]) == [ABOVE, BELOW]
    assert lines_with(["invoice"], "Invoice number 4711", [ABOVE, BELOW]) == [ABOVE, BELOW]
    assert lines_with(["invoice"], text, []) == []


def test_marks_are_where_the_boxes_are(qapp) -> None:
    picture = QPixmap(200, 100)
    picture.fill(QColor("white"))
    mark(picture, [BELOW])
    image = picture.toImage()
    assert image.pixelColor(100, 70) != QColor("white")
    assert image.pixelColor(100, 20) == QColor("white")
    assert image.pixelColor(195, 70) == QColor("white")
