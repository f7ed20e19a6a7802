import pytest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.results.hit_menu import HitMenu


@pytest.fixture
def parent(qtbot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def chosen(menu: HitMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_it_acts_on_the_first_and_copies_all(parent: QWidget, make_hit, qtbot) -> None:
    menu = HitMenu([make_hit(3), make_hit(1), make_hit(2)], parent)
    with qtbot.waitSignal(menu.open_requested) as opened:
        chosen(menu, "Open")
    assert opened.args[0].content_id == 3
    chosen(menu, "Copy 3 paths")
    assert len(QApplication.clipboard().text().splitlines()) == 3


def test_what_needs_the_file_is_offered_where_it_can_be_reached(parent, make_hit, qtbot) -> None:
    for online in (True, False):
        menu = HitMenu([make_hit(1, online=online)], parent)
        enabled = {action.text(): action.isEnabled() for action in menu.actions()}
        assert enabled["Open"] is enabled["Show in folder"] is online
        assert enabled["Show large"]
        with qtbot.waitSignal(menu.large_requested):
            chosen(menu, "Show large")


def test_one_path_is_not_counted(parent: QWidget, make_hit) -> None:
    chosen(HitMenu([make_hit(7)], parent), "Copy path")
    assert QApplication.clipboard().text() == "/pictures/IMG_7.jpg"
