"""A picture is there at once as a thumbnail, and whole as soon as it is loaded."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage

from desktop.hit_picture import UNREADABLE, HitPicture
from desktop.region_frame import FRAMED
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.readings import Box, Details
from engine.records import SegmentId
from engine.search_records import Match, Retriever

EDGE_PX = 1024


def filled(colour: Qt.GlobalColor, width: int = 64, height: int = 48) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


@pytest.fixture
def cache() -> ThumbnailCache:
    return ThumbnailCache()


@pytest.fixture
def picture(qtbot, cache) -> HitPicture:
    made = HitPicture(cache, EDGE_PX)
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.show()
    return made


@pytest.fixture
def colour(picture) -> Callable[[], QColor]:
    """That in the middle of what is painted."""

    def painted() -> QColor:
        image = picture.grab().toImage()
        return image.pixelColor(image.rect().center())

    return painted


def test_the_thumbnail_at_hand_shows_until_the_picture_comes(
    picture, cache, colour, make_hit, qtbot
) -> None:
    cache.put(SegmentId(1), 256, filled(Qt.GlobalColor.red))
    with qtbot.waitSignal(picture.wanted) as wanted:
        picture.show_hit(make_hit(1), ())
        assert colour() == Qt.GlobalColor.red
    assert wanted.args == [make_hit(1), EDGE_PX]
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.blue))
    assert colour() == Qt.GlobalColor.blue
    picture.show_picture(1, 256, filled(Qt.GlobalColor.red))
    assert colour() == Qt.GlobalColor.blue, "a thumbnail that comes late is no better"


def test_a_thumbnail_that_comes_first_is_shown_first(picture, colour, make_hit) -> None:
    picture.show_hit(make_hit(1), ())
    picture.show_picture(1, 256, filled(Qt.GlobalColor.red))
    assert colour() == Qt.GlobalColor.red
    picture.show_picture(2, EDGE_PX, filled(Qt.GlobalColor.blue))
    assert colour() == Qt.GlobalColor.red, "that is another hit's"


def test_a_picture_stays_while_its_hit_is_shown_anew(picture, colour, make_hit, qtbot) -> None:
    hit = make_hit(1)
    with qtbot.waitSignal(picture.wanted):
        picture.show_hit(hit, ("kite",))
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.red))
    with qtbot.assertNotEmitted(picture.wanted, wait=200):
        picture.show_hit(replace(hit, score=0.7), ("kite",))
    assert colour() == Qt.GlobalColor.red
    with qtbot.waitSignal(picture.wanted):
        picture.show_hit(replace(hit, segment_id=SegmentId(2)), ("kite",))
    assert colour() != Qt.GlobalColor.red


def test_what_is_passed_by_is_not_asked_for(picture, make_hit, qtbot) -> None:
    asked = []
    picture.wanted.connect(lambda hit, _: asked.append(hit.content_id))
    with qtbot.waitSignal(picture.wanted):
        for number in range(1, 30):
            picture.show_hit(make_hit(number), ())
    assert asked == [29]


def test_a_picture_that_cannot_be_read_is_told_and_tried_again(picture, make_hit, qtbot) -> None:
    with qtbot.waitSignal(picture.wanted):
        picture.show_hit(make_hit(1, online=False), ())
    blank = picture.grab().toImage()
    picture.show_picture(1, EDGE_PX, QImage())
    assert picture.grab().toImage() != blank
    assert picture.accessibleDescription() == UNREADABLE
    with qtbot.waitSignal(picture.wanted):
        picture.show_hit(make_hit(1), ())
    assert picture.accessibleDescription() == UNREADABLE, "as long as it is so"
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.red))
    assert picture.accessibleDescription() == ""


def test_a_thumbnail_stays_where_the_picture_cannot_be_read(
    picture, cache, colour, make_hit
) -> None:
    cache.put(SegmentId(1), 512, filled(Qt.GlobalColor.red))
    picture.show_hit(make_hit(1, online=False), ())
    picture.show_picture(1, EDGE_PX, QImage())
    assert colour() == Qt.GlobalColor.red


def test_it_is_fitted_and_what_is_small_grows_no_larger_than_twice(picture, make_hit) -> None:
    room = QSize(800, 600)
    for size, shown in (((4000, 2000), (800, 400)), ((100, 50), (200, 100))):
        picture.show_hit(make_hit(1, details=Details(width=size[0], height=size[1])), ())
        assert picture.size_in(room) == QSize(*shown)
        picture.show_hit(None, ())


def test_words_are_marked_where_they_stand_in_the_picture(picture, make_hit) -> None:
    picture.resize(400, 400)
    box = Box(0.4, 0.1, 0.6, 0.2)
    details = Details(width=800, height=400)
    hit = make_hit(1, snippet="EXIT", boxes=(box,), details=details)
    picture.show_hit(hit, ("exit",))
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.white, 800, 400))
    assert picture.place.getRect() == (0, 100, 400, 200)
    image = picture.grab().toImage()
    assert image.pixelColor(200, 130) != Qt.GlobalColor.white
    assert image.pixelColor(200, 250) == Qt.GlobalColor.white


def test_the_part_that_fits_best_is_framed(picture, make_hit, qtbot) -> None:
    picture.resize(400, 400)
    hit = make_hit(1, details=Details(width=800, height=400))
    with qtbot.waitSignal(picture.region_wanted) as wanted:
        picture.show_hit(hit, ("boat",))
    assert wanted.args == [hit]
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.gray, 800, 400))
    plain = picture.grab().toImage()
    picture.show_region(2, Box(0, 0, 0.5, 0.5))
    assert picture.grab().toImage() == plain, "that of another hit"
    picture.show_region(1, Box(0.5, 0.5, 1, 1))
    framed = picture.grab().toImage()
    assert framed.pixelColor(200, 250) != plain.pixelColor(200, 250)
    assert framed.pixelColor(300, 250) == plain.pixelColor(300, 250)
    assert picture.accessibleDescription() == FRAMED
    with qtbot.waitSignal(picture.region_wanted):
        picture.show_hit(hit, ("harbour",))
    assert picture.grab().toImage() == plain
    assert not picture.has_region


def test_no_frame_is_asked_for_what_words_alone_found(picture, make_hit, qtbot) -> None:
    by_name = make_hit(1, matches=(Match(Retriever.NAME, 1, 0.8, ""),))
    with qtbot.assertNotEmitted(picture.region_wanted), qtbot.waitSignal(picture.wanted):
        picture.show_hit(by_name, ("boat",))
    picture.show_picture(1, EDGE_PX, filled(Qt.GlobalColor.gray))
    with qtbot.assertNotEmitted(picture.region_wanted), qtbot.waitSignal(picture.wanted):
        picture.show_hit(make_hit(2), ())
