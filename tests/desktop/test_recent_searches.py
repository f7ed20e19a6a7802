import pytest
from PySide6.QtWidgets import QLineEdit, QMenu

from desktop import theme
from desktop.recent_searches import MOST, RecentSearches
from desktop.window_state import WindowState

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the menu


@pytest.fixture
def field(qtbot) -> QLineEdit:
    field = QLineEdit()
    qtbot.addWidget(field)
    field.show()
    return field


def offered(field: QLineEdit) -> list[str]:
    """What the menu has, which is closed again."""
    (menu,) = field.findChildren(QMenu)
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    menu.close()
    menu.deleteLater()
    return texts


def test_the_last_searches_are_offered_after_a_restart(tmp_path, field) -> None:
    recent = RecentSearches(WindowState(tmp_path), field)
    for words in ("cat", "  red   kite ", "", "cat", "a & b"):
        recent.note(words)
    again = RecentSearches(WindowState(tmp_path), field)
    assert again.offer(field)
    assert offered(field) == ["a && b", "cat", "red kite", "Forget these searches"]


def test_only_the_last_few_are_kept(tmp_path) -> None:
    state = WindowState(tmp_path)
    recent = RecentSearches(state, None)
    for number in range(2 * MOST):
        recent.note(f"cat {number}")
    assert state.searches == [f"cat {2 * MOST - 1 - number}" for number in range(MOST)]


def test_the_one_that_is_chosen_is_told_in_full(tmp_path, field, qtbot) -> None:
    recent = RecentSearches(WindowState(tmp_path), field)
    recent.note("a long question " * 40)
    recent.offer(field)
    (menu,) = field.findChildren(QMenu)
    with qtbot.waitSignal(recent.chosen) as told:
        menu.actions()[0].trigger()
    assert told.args == [" ".join(("a long question " * 40).split())]
    menu.close()


def test_the_icon_of_the_line_in_use_is_as_light_as_its_words(tmp_path, field) -> None:
    recent = RecentSearches(WindowState(tmp_path), field)
    recent.note("cat")
    recent.offer(field)
    (menu,) = field.findChildren(QMenu)
    line = menu.actionGeometry(menu.activeAction())
    drawn = menu.grab(line.adjusted(0, 0, line.height() - line.width(), 0)).toImage()
    seen = {
        drawn.pixelColor(x, y).name() for x in range(drawn.width()) for y in range(line.height())
    }
    assert theme.colours().on_accent in seen
    assert theme.colours().text not in seen
    menu.close()


def test_searches_are_forgotten_when_asked_to(tmp_path, field) -> None:
    recent = RecentSearches(WindowState(tmp_path), field)
    recent.note("a secret")
    recent.offer(field)
    (menu,) = field.findChildren(QMenu)
    menu.actions()[-1].trigger()
    menu.close()
    assert not recent.offer(field)
    assert WindowState(tmp_path).searches == []
    assert "secret" not in (tmp_path / "window.ini").read_text(encoding="utf-8")
