from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from desktop.preview import PICTURE_PX, Preview
from engine.readings import Kind
from engine.records import SegmentId

LONG = "\n".join(f"Line {number} of the contract." for number in range(200))


@pytest.fixture
def preview(qtbot) -> Preview:
    preview = Preview()
    qtbot.addWidget(preview)
    preview.resize(330, 700)
    preview.show()
    return preview


def photo() -> QImage:
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    return image


def test_a_picture_stays_while_its_hit_is_shown_anew(preview, make_hit, qtbot) -> None:
    hit = make_hit(1)
    with qtbot.waitSignal(preview.picture_wanted):
        preview.show_hit(hit, ("kite",))
    preview.show_picture(1, PICTURE_PX, photo())
    with qtbot.assertNotEmitted(preview.picture_wanted):
        preview.show_hit(replace(hit, score=0.7), ("kite",))
    assert not preview._image.isNull()
    with qtbot.waitSignal(preview.picture_wanted):
        preview.show_hit(replace(hit, segment_id=SegmentId(2)), ("kite",))
    assert preview._image.isNull()


def test_a_picture_that_could_not_be_loaded_is_asked_for_again(preview, make_hit, qtbot) -> None:
    preview.show_hit(make_hit(1, online=False), ())
    preview.show_picture(1, PICTURE_PX, QImage())
    with qtbot.waitSignal(preview.picture_wanted):
        preview.show_hit(make_hit(1), ())


def test_a_text_stays_where_one_reads_while_its_hit_is_shown_anew(preview, make_hit) -> None:
    hit = make_hit(1, kind=Kind.DOCUMENT, snippet="Line 0", has_picture=False)
    preview.show_hit(hit, ("line",))
    preview.show_text(1, LONG)
    bar = preview._text.verticalScrollBar()
    bar.setValue(100)
    preview.show_hit(replace(hit, score=0.7), ("line",))
    assert bar.value() == 100
    assert "Line 9 of" in preview._text.toPlainText()
    preview.show_hit(hit, ("contract",))
    assert bar.value() == 0
