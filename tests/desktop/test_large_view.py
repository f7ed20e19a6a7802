import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QWidget

from desktop.large_view import LargeView
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.readings import Kind


@pytest.fixture
def window(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


@pytest.fixture
def large(window, make_hit) -> LargeView:
    made = LargeView(ThumbnailCache(), window)
    made.enter(make_hit(1), ())
    return made


def test_it_covers_the_window_and_says_what_it_shows(window, large) -> None:
    assert large.isVisible()
    assert large.geometry() == window.rect()
    window.resize(1000, 700)
    assert large.geometry() == window.rect()
    assert "IMG_1.jpg" in large.accessibleDescription()
    assert "31 May 2024" in large.accessibleDescription()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_keys_close_it(large, qtbot, key) -> None:
    with qtbot.waitSignal(large.closed):
        qtbot.keyClick(large, key)
    assert large.isHidden()


def test_it_moves_on_by_keys_and_buttons(large, qtbot) -> None:
    steps = []
    large.step_requested.connect(steps.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(large, key)
    for button in large.findChildren(QAbstractButton):
        if button.accessibleName() in ("Previous", "Next"):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert steps == [1, -1, 1, -1, -1, 1]


def test_a_double_click_and_enter_open_the_file(large, make_hit, qtbot) -> None:
    with qtbot.waitSignal(large.open_requested) as opened:
        qtbot.mouseDClick(large.picture, Qt.MouseButton.LeftButton)
    assert opened.args == [make_hit(1)]
    with qtbot.waitSignal(large.open_requested):
        qtbot.keyClick(large, Qt.Key.Key_Return)


def test_keys_do_nothing_to_what_lies_below(window, large, qtbot) -> None:
    shortcut = QShortcut(QKeySequence("/"), window)
    with qtbot.waitActive(window):
        window.activateWindow()
    with qtbot.assertNotEmitted(shortcut.activated):
        qtbot.keyClick(large, Qt.Key.Key_Slash)
    qtbot.keyClick(large, Qt.Key.Key_Tab)
    assert window.focusWidget() is large


def test_a_text_shows_where_there_is_no_picture(large, make_hit) -> None:
    hit = make_hit(2, kind=Kind.DOCUMENT, has_picture=False, snippet="The tenant pays.")
    large.show_hit(hit, ())
    assert large.text.toPlainText() == "The tenant pays."
    assert large.text.isVisible()
    assert large.picture.isHidden()
    large.show_hit(make_hit(3, snippet="EXIT"), ())
    assert large.text.isHidden()
    assert large.picture.isVisible()
