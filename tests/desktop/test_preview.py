from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton

from desktop.preview import PICTURE_PX, TEXT_PX, Preview
from engine.readings import Details, Kind
from engine.records import Match, Retriever, SegmentId

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


@pytest.mark.parametrize(
    ("button", "signal"),
    [
        ("Open", "open_requested"),
        ("Find similar", "similar_requested"),
        ("Show in folder", "reveal_requested"),
    ],
)
def test_each_button_asks_for_the_hit_that_shows(preview, make_hit, qtbot, button, signal) -> None:
    hit = make_hit(1)
    preview.show_hit(hit, ())
    buttons = preview.findChildren(QAbstractButton)
    named = next(one for one in buttons if button in (one.text(), one.accessibleName()))
    with qtbot.waitSignal(getattr(preview, signal)) as asked:
        qtbot.mouseClick(named, Qt.MouseButton.LeftButton)
    assert asked.args == [hit]


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


def test_a_text_takes_no_more_room_than_it_needs(preview, make_hit, qtbot) -> None:
    preview.show_hit(make_hit(1, kind=Kind.DOCUMENT, has_picture=False), ())
    assert preview._text.isHidden(), "there is none"
    document, room = preview._text.document(), preview._text.viewport().height
    preview.show_text(1, "Hi,\n\nthis is a test.\n\nThanks")
    assert preview._text.isVisible()
    qtbot.waitUntil(lambda: 0 <= room() - document.size().height() < 2)
    preview.show_text(1, LONG)
    qtbot.waitUntil(lambda: TEXT_PX - 10 < room() < document.size().height())
    preview.show_hit(replace(preview._hit, has_picture=True), ())
    preview.show_text(1, LONG)
    assert preview._text.isHidden(), "its text came too late"


def test_a_picture_that_cannot_be_read_is_told(preview, make_hit) -> None:
    preview.show_hit(make_hit(1), ())
    assert preview._unreadable.isHidden()
    preview.show_picture(1, PICTURE_PX, QImage())
    assert preview._unreadable.isVisible()
    assert not preview._picture.pixmap().isNull()
    preview.show_hit(make_hit(1, score=0.7), ())
    assert preview._unreadable.isVisible(), "as long as it is so"
    preview.show_picture(1, PICTURE_PX, photo())
    assert preview._unreadable.isHidden()
    preview.show_hit(make_hit(2), ())
    assert preview._unreadable.isHidden()


def test_names_without_separators_fit_in(preview, make_hit, qtbot) -> None:
    long = "W" * 200
    match = Match(Retriever.NAME, 1, 0.8, f"its name has: {long}")
    told = Details(width=640, height=480, title=long, keywords=(long,))
    hit = make_hit(1, path=Path(f"/pictures/{long}.jpg"), matches=(match,), details=told)
    preview.show_hit(hit, ())
    body = preview.widget()
    for label in (preview._title, preview._facts, preview._why, preview._path):
        qtbot.waitUntil(lambda it=label: it.height() >= 3 * it.fontMetrics().height())
    assert body.width() == preview.viewport().width()
    assert body.minimumSizeHint().width() <= preview.viewport().width()


def test_what_is_told_twice_shows_once(preview, make_hit) -> None:
    told = Details(title="Mongol Els", keywords=("Mongol Els",))
    preview.show_hit(make_hit(1, details=told), ())
    assert preview._facts.text().count("Mongol Els") == 1
