import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from desktop.text_marks import around, lines_with, mark, pattern_of
from engine.readings import Box

ABOVE, BELOW = Box(0.1, 0.1, 0.5, 0.3), Box(0.1, 0.6, 0.9, 0.8)


def test_only_lines_with_the_words_are_marked() -> None:
    text = "Invoice\nnumber 4711\n"
    assert lines_with(["NUMBER"], text, [ABOVE, BELOW]) == [BELOW]
    assert lines_with(["unicorn"], text, [ABOVE, BELOW]) == [ABOVE, BELOW]
    assert lines_with(["invoice"], "Invoice number 4711", [ABOVE, BELOW]) == [ABOVE, BELOW]
    assert lines_with(["invoice"], text, []) == []


def test_marks_are_where_the_boxes_are(qapp) -> None:
    image = QImage(240, 140, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    mark(painter, QRectF(40, 40, 200, 100), [BELOW])
    painter.end()
    assert image.pixelColor(140, 110) != QColor("white")
    assert image.pixelColor(140, 60) == QColor("white")
    assert image.pixelColor(235, 110) == QColor("white")


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["in"], "Beijing: in the paving, inside", ["in"]),
        (["temple"], "Temples, a temple, temperature", ["Temples", "temple"]),
        (["refunds"], "refunded; a refund", ["refunded", "refund"]),
        (["cat"], "cats catch cattle", ["cats"]),
        (["杭州"], "秋天的杭州早上", ["杭州"]),
        (["c++"], "c++ and c", []),
    ],
)
def test_whole_words_are_found_in_their_forms(
    words: list[str], text: str, found: list[str]
) -> None:
    pattern = pattern_of(words)
    assert pattern is not None
    assert pattern.findall(text) == found


def test_no_words_have_no_pattern() -> None:
    assert pattern_of([]) is None


def test_a_text_is_shown_from_a_little_before_the_words() -> None:
    long = "One sentence after the other, none of which says it. " * 6
    shown = around(f"{long}Here the motorcycle is named.", ["motorcycle"])
    assert shown.startswith("… ")
    assert 30 < shown.index("motorcycle") < 60
    assert around("A motorcycle at once.", ["motorcycle"]) == "A motorcycle at once."
    assert around(long, ["motorcycle"]) == long
