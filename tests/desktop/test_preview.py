from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton

from desktop.preview import PICTURE_PX, TEXT_PX, Preview
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.readings import Details, Kind
from engine.search_records import Match, Retriever

LONG = "\n".join(f"Line {number} of the contract." for number in range(200))


@pytest.fixture
def preview(qtbot) -> Preview:
    preview = Preview(ThumbnailCache())
    qtbot.addWidget(preview)
    preview.resize(330, 700)
    preview.show()
    return preview


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


def test_a_file_on_a_drive_that_is_away_can_be_neither_opened_nor_shown(preview, make_hit) -> None:
    for online in (True, False):
        preview.show_hit(make_hit(1, online=online), ())
        assert preview._open.isEnabled() is online
        assert preview._reveal.isEnabled() is online


def test_a_text_takes_no_more_room_than_it_needs(preview, make_hit, qtbot) -> None:
    preview.show_hit(make_hit(1, kind=Kind.DOCUMENT, has_picture=False), ())
    assert preview.text.isHidden(), "there is none"
    document, room = preview.text.document(), preview.text.viewport().height
    preview.text.show_text(1, "Hi,\n\nthis is a test.\n\nThanks")
    assert preview.text.isVisible()
    qtbot.waitUntil(lambda: 0 <= room() - document.size().height() < 2)
    preview.text.show_text(1, LONG)
    qtbot.waitUntil(lambda: TEXT_PX - 10 < room() < document.size().height())
    preview.show_hit(replace(preview._hit, has_picture=True), ())
    preview.text.show_text(1, LONG)
    assert preview.text.isHidden(), "its text came too late"


def test_a_picture_takes_no_more_room_than_it_needs(preview, make_hit) -> None:
    preview.show_hit(make_hit(1, details=Details(width=3000, height=1500)), ())
    height = preview.picture.height()
    assert abs(preview.picture.width() - 2 * height) <= 2, "before it is there"
    image = QImage(1024, 512, QImage.Format.Format_RGB32)
    preview.picture.show_picture(1, PICTURE_PX, image)
    assert preview.picture.height() == height
    preview.show_hit(make_hit(2, details=Details(width=100, height=9000)), ())
    assert preview.picture.height() < 1.5 * preview.picture.width()


def test_why_it_was_found_stands_above_its_copies_however_many_these_are(preview, make_hit) -> None:
    hit = make_hit(1, copies=9)
    preview.show_hit(hit, ())
    where = Path("/pictures/a very long way down/to a folder of copies")
    preview.copies.show_places(1, [(where / f"{number}.jpg", "") for number in range(9)])
    preview.widget().layout().activate()
    assert preview._why.y() < preview._path.y() < preview.copies.y()


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
