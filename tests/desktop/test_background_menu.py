import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from desktop.background_menu import BackgroundButton
from desktop.status_bar import StatusBar
from engine import settings
from engine.records import Background, Counts


@pytest.fixture
def button(qtbot) -> BackgroundButton:
    made = BackgroundButton()
    qtbot.addWidget(made)
    made.show_chosen(Background(looks_closer=True, recognises_text=False))
    return made


def switches(button: BackgroundButton) -> list[QAction]:
    heading, *others = button.menu().actions()
    assert not heading.isEnabled()
    return others


def test_the_menu_shows_what_is_chosen_and_what_each_brings(button) -> None:
    closer, text = switches(button)
    assert (closer.isChecked(), text.isChecked()) == (True, False)
    assert "small things" in closer.toolTip()
    assert "words" in text.toolTip()
    assert button.menu().toolTipsVisible()
    assert button.accessibleName() == button.toolTip() == "What goes on in the background"


def test_a_switch_tells_of_both_and_to_show_them_tells_nothing(button, qtbot) -> None:
    with qtbot.assertNotEmitted(button.chosen):
        button.show_chosen(Background(looks_closer=False, recognises_text=False))
    with qtbot.waitSignal(button.chosen) as chosen:
        switches(button)[1].trigger()
    assert chosen.args == [Background(looks_closer=False, recognises_text=True)]


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize(("key", "stays"), [(Qt.Key.Key_Space, True), (Qt.Key.Key_Return, False)])
def test_keys_reach_the_switches(button, qtbot, key: Qt.Key, stays: bool) -> None:
    menu = button.menu()
    menu.popup(menu.pos())
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    with qtbot.waitSignal(button.chosen) as chosen:
        qtbot.keyClick(menu, key)
    assert chosen.args == [Background(looks_closer=False, recognises_text=False)]
    assert menu.isVisible() is stays
    menu.close()


def test_the_button_is_there_whenever_there_are_folders(qtbot) -> None:
    bar = StatusBar()
    qtbot.addWidget(bar)
    assert bar.background.isHidden()
    bar.show_counts(Counts(), has_folders=True)
    assert not bar.background.isHidden()


def test_what_is_switched_on_in_the_window_is_kept(open_window, home, qtbot) -> None:
    window = open_window()
    closer, text = switches(window.status.background)
    assert (closer.isChecked(), text.isChecked()) == (False, False), "as its settings are"
    with qtbot.waitSignal(window._bridge.background_set, timeout=20_000) as kept:
        closer.trigger()
    assert kept.args == [Background(looks_closer=True, recognises_text=False)]
    assert settings.load(home).looks_closer
