import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication

from desktop.results.grid_layout import HEADING_PX, Section
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.results.view import ResultsView
from engine.readings import Kind
from engine.records import ContentId, SegmentId
from engine.search_records import Band


@pytest.fixture
def view(qtbot, make_hit) -> ResultsView:
    view = ResultsView(ThumbnailCache())
    qtbot.addWidget(view)
    view.resize(800, 600)
    hits = [make_hit(number) for number in range(1, 31)]
    view.show_hits(hits, [Section("Strong", 10), Section("Maybe", 20)], ranked=True)
    view.show()
    return view


def centre(view: ResultsView, index: int) -> QPoint:
    return view.rect_of(index).center()


def test_a_click_makes_a_hit_current(view: ResultsView, qtbot) -> None:
    with qtbot.waitSignal(view.current_changed) as changed:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=centre(view, 2))
    assert changed.args[0].content_id == 3
    assert [hit.content_id for hit in view.selected_hits] == [3]


def test_a_double_click_and_enter_open_a_hit(view: ResultsView, qtbot) -> None:
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=centre(view, 1))
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=centre(view, 1))
    assert opened.args[0].content_id == 2
    view.select(4)
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened.args[0].content_id == 5


def test_arrows_move_and_keep_the_hit_in_view(view: ResultsView, qtbot) -> None:
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.current_hit.content_id == 1
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.current_hit.content_id == 4
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.current_hit.content_id == 30
    assert view.viewport().rect().intersects(view.rect_of(29))


def test_the_tab_key_leads_to_a_hit_that_is_seen(view: ResultsView, qtbot) -> None:
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.setFocus(Qt.FocusReason.OtherFocusReason)
    assert view.current_hit is None
    view.clearFocus()
    view.verticalScrollBar().setValue(view.rect_of(8).top())
    view.setFocus(Qt.FocusReason.TabFocusReason)
    current = view.current_hit
    assert view.viewport().rect().contains(view.rect_of(view.hits.index(current)))
    view.select(20)
    view.clearFocus()
    view.setFocus(Qt.FocusReason.BacktabFocusReason)
    assert view.current_hit.content_id == 21, "the one that was current"


def test_space_asks_for_the_current_hit_to_be_shown_large(view: ResultsView, qtbot) -> None:
    with qtbot.waitSignal(view.large_requested):
        qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.current_hit.content_id == 1, "the first, where none was"
    view.step(1)
    assert ids(view.selected_hits) == [2]
    view.step(-1)
    view.step(-1)
    assert ids(view.selected_hits) == [1]


def test_several_hits_are_selected_with_modifiers(view: ResultsView, qtbot) -> None:
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(view.viewport(), left, pos=centre(view, 0))
    qtbot.mouseClick(view.viewport(), left, control, centre(view, 2))
    assert [hit.content_id for hit in view.selected_hits] == [1, 3]
    view.select(0)
    view.select(3, extend=True)
    with qtbot.waitSignal(view.copy_requested) as copied:
        qtbot.keyClick(view, Qt.Key.Key_C, control)
    assert [hit.content_id for hit in copied.args[0]] == [1, 2, 3, 4]
    qtbot.mouseClick(view.viewport(), left, shift, centre(view, 5))
    assert len(view.selected_hits) == 6


def test_only_visible_thumbnails_are_wanted(view: ResultsView, qtbot, make_hit) -> None:
    many = [make_hit(number) for number in range(1, 100_001)]
    with qtbot.waitSignal(view.thumbnails_wanted) as wanted:
        view.show_hits(many, [Section("All", len(many))])
    assert 0 < len(wanted.args[0]) < 100
    with qtbot.waitSignal(view.thumbnails_wanted) as wanted:
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert wanted.args[0][-1].content_id == 100_000
    view.grab()


def test_every_kind_of_tile_is_painted(view: ResultsView, make_hit) -> None:
    cache = ThumbnailCache()
    photo = QImage(200, 100, QImage.Format.Format_RGB32)
    photo.fill(Qt.GlobalColor.red)
    cache.put(ContentId(1), 256, photo)
    cache.put(ContentId(2), 256, QImage())
    shown = ResultsView(cache)
    shown.resize(900, 400)
    hits = [
        make_hit(1),
        make_hit(2, online=False),
        make_hit(3, kind=Kind.DOCUMENT, snippet="the tenant shall pay " * 30, band=Band.WEAK),
    ]
    shown.show_hits(hits, [Section("", 3)], ranked=True)
    drawn = shown.grab().toImage()
    spot = shown.rect_of(0).center()
    ratio = drawn.devicePixelRatio()
    assert drawn.pixelColor(int(spot.x() * ratio), int(spot.y() * ratio)) == Qt.GlobalColor.red
    shown.deleteLater()


def test_larger_tiles_keep_their_pictures_until_larger_ones_come(qtbot, make_hit) -> None:
    cache = ThumbnailCache()
    photo = QImage(256, 256, QImage.Format.Format_RGB32)
    photo.fill(Qt.GlobalColor.red)
    cache.put(SegmentId(1), 256, photo)
    view = ResultsView(cache)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show_hits([make_hit(1)], [Section("", 1)])
    with qtbot.waitSignal(view.thumbnails_wanted) as wanted:
        view.set_tile_size(420)
    assert wanted.args[1] == 512
    drawn = view.grab().toImage()
    spot = view.rect_of(0).center() * drawn.devicePixelRatio()
    assert drawn.pixelColor(spot) == Qt.GlobalColor.red


def test_headings_are_painted_where_they_are(view: ResultsView, make_hit) -> None:
    def heading(title: str) -> QImage:
        view.show_hits([make_hit(1)], [Section(title, 1)])
        return view.grab().copy(0, 0, view.width(), HEADING_PX).toImage()

    assert heading("Strong matches") != heading("Maybe") != heading("")


def test_a_new_answer_to_the_same_question_keeps_what_is_selected(view, make_hit) -> None:
    for index in (2, 4, 6):
        view.select(index, add=True)
    hits = [make_hit(number) for number in (9, 7, 5, 3)]
    view.show_hits(hits, [Section("", 4)], keep_place=True)
    assert view.current_hit.content_id == 7
    assert [hit.content_id for hit in view.selected_hits] == [7, 5, 3]
    view.show_hits(hits, [Section("", 4)])
    assert view.current_hit is None
    assert view.selected_hits == []


def test_what_is_in_view_stays_there_as_others_come_before_it(view, qtbot, make_hit) -> None:
    bar = view.verticalScrollBar()
    bar.setValue(700)
    first = view._layout.visible(bar.value(), bar.value() + 100)[0].index
    held, y = view.hits[first], view.rect_of(first).y()
    hits = [make_hit(number) for number in range(100, 113)] + list(view.hits)
    view.show_hits(hits, [Section("Strong", 23), Section("Maybe", 20)], keep_place=True)
    assert view.rect_of(hits.index(held)).y() == y
    next_one, y = hits[hits.index(held) + 1], view.rect_of(hits.index(held) + 1).y()
    hits.remove(held)
    view.show_hits(hits, [Section("", 42)], keep_place=True)
    assert view.rect_of(hits.index(next_one)).y() in range(y - 300, y + 300)
    view.show_hits(hits, [Section("", 42)])
    assert bar.value() == 0


def test_at_the_top_what_is_new_comes_into_view(view, make_hit) -> None:
    hits = [make_hit(100), *view.hits]
    view.show_hits(hits, [Section("", len(hits))], keep_place=True)
    assert view.verticalScrollBar().value() == 0


def test_a_double_click_opens_what_was_clicked_though_tiles_move(view, qtbot, make_hit) -> None:
    place = centre(view, 1)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    hits = [make_hit(100), *view.hits]
    view.show_hits(hits, [Section("", len(hits))], keep_place=True)
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.args[0].content_id == 2


def test_tiles_of_another_size_leave_the_same_hit_at_the_top(view) -> None:
    bar = view.verticalScrollBar()
    view.select(29)
    first = view._layout.visible(bar.value(), bar.value() + 100)[0].index
    view.set_tile_size(300)
    visible = view._layout.visible(bar.value(), bar.value())
    assert first in [tile.index for tile in visible]


def test_near_the_end_more_is_asked_for(view, qtbot, make_hit) -> None:
    many = [make_hit(number) for number in range(1, 301)]
    with qtbot.assertNotEmitted(view.end_neared), qtbot.waitSignal(view.thumbnails_wanted):
        view.show_hits(many, [Section("All", len(many))])
    with qtbot.waitSignal(view.end_neared):
        qtbot.keyClick(view, Qt.Key.Key_End)


def test_no_hits_are_no_trouble(view: ResultsView, qtbot) -> None:
    view.show_hits((), ())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_End):
        qtbot.keyClick(view, key)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    view.step(1)
    with qtbot.assertNotEmitted(view.large_requested):
        qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.current_hit is None


def ids(hits) -> list[int]:
    return [hit.content_id for hit in hits]


def right_click(view: ResultsView, qtbot, index: int) -> None:
    place = centre(view, index)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.RightButton, pos=place)
    reason = QContextMenuEvent.Reason.Mouse
    event = QContextMenuEvent(reason, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)


def test_the_menu_acts_on_what_was_clicked_of_those_selected(view: ResultsView, qtbot) -> None:
    view.select(0)
    view.select(2, extend=True)
    for index, expected in ((2, [3, 1, 2]), (1, [2, 1, 3]), (4, [5])):
        with qtbot.waitSignal(view.menu_requested) as asked:
            right_click(view, qtbot, index)
        assert ids(asked.args[0]) == expected
        assert view.current_hit is asked.args[0][0], "the preview shows what the menu acts on"


def test_the_menu_key_opens_the_menu_at_the_current_tile(view: ResultsView, qtbot) -> None:
    view.select(20)
    view.verticalScrollBar().setValue(0)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    with qtbot.waitSignal(view.menu_requested) as asked:
        QApplication.sendEvent(view, event)
    assert ids(asked.args[0]) == [21]
    place = view.viewport().mapFromGlobal(asked.args[1])
    assert view.rect_of(20).contains(place)
    assert view.viewport().rect().contains(place)


def test_a_click_on_one_of_those_selected_selects_it_alone(view: ResultsView, qtbot) -> None:
    view.select(0)
    view.select(2, extend=True)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=centre(view, 1))
    assert ids(view.selected_hits) == [2]
    assert view.current_hit.content_id == 2


def test_a_range_that_is_extended_shrinks_again(view: ResultsView, qtbot) -> None:
    shift = Qt.KeyboardModifier.ShiftModifier
    view.select(2)
    for key, expected in (
        (Qt.Key.Key_Right, [3, 4]),
        (Qt.Key.Key_Right, [3, 4, 5]),
        (Qt.Key.Key_Left, [3, 4]),
        (Qt.Key.Key_Home, [1, 2, 3]),
    ):
        qtbot.keyClick(view, key, shift)
        assert ids(view.selected_hits) == expected


def test_all_are_selected_and_none_are_not_copied(view: ResultsView, qtbot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.keyClick(view, Qt.Key.Key_A, control)
    assert ids(view.selected_hits) == list(range(1, 31))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert view.selected_hits == []
    with qtbot.assertNotEmitted(view.copy_requested):
        qtbot.keyClick(view, Qt.Key.Key_C, control)


def test_pages_move_the_current_tile(view: ResultsView, qtbot) -> None:
    view.select(1)
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    below = view.rect_of(view.hits.index(view.current_hit))
    assert below.x() == view.rect_of(1).x()
    assert view.viewport().rect().contains(below)
    assert view.rect_of(1).y() < below.y() - below.height()
    qtbot.keyClick(view, Qt.Key.Key_PageUp)
    assert view.current_hit.content_id == 2
    for _ in range(9):
        qtbot.keyClick(view, Qt.Key.Key_PageDown)
    assert view.current_hit.content_id == 30


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_the_current_hit_is_told_to_those_who_cannot_see_it(
    view, qtbot, make_hit, monkeypatch, platform: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    view.select(1)
    told = QAccessible.queryAccessibleInterface(view).text(QAccessible.Text.Description)
    assert told == "IMG_2.jpg, photo, strong match, 80%, 2 of 30"
    view.show_hits([make_hit(5)], [Section("", 1)])
    assert view.accessibleDescription() == ""
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.accessibleDescription() == "IMG_5.jpg, photo, 1 of 1"


def test_pointing_at_a_tile_tells_where_it_is_and_of_when(view: ResultsView, qtbot) -> None:
    qtbot.mouseMove(view.viewport(), centre(view, 0))
    assert view.viewport().toolTip() == "/pictures/IMG_1.jpg\n31 May 2024, 00:00"
