import pytest
from PySide6.QtWidgets import QLabel

from desktop.toolbar import FoldButton
from desktop.window_state import WindowState


@pytest.fixture
def state(tmp_path) -> WindowState:
    return WindowState(tmp_path)


def test_a_fold_button_says_what_it_does_and_remembers(state, qtbot) -> None:
    panel = QLabel()
    qtbot.addWidget(panel)
    button = FoldButton("panel-right", panel, "preview", state)
    qtbot.addWidget(button)
    assert button.accessibleName() == button.toolTip() == "Show or hide the preview"
    button.click()
    assert panel.isHidden()
    again = FoldButton("panel-right", panel, "preview", state)
    qtbot.addWidget(again)
    assert not again.isChecked()


def test_a_panel_is_folded_while_there_is_no_room_for_it(state, qtbot) -> None:
    panel = QLabel()
    qtbot.addWidget(panel)
    button = FoldButton("panel-right", panel, "preview", state)
    qtbot.addWidget(button)
    button.make_room(False)
    assert panel.isHidden()
    assert not button.isChecked()
    assert state.is_shown("preview"), "that was not a person's wish"
    button.click()
    button.make_room(False)
    assert not panel.isHidden(), "nor is a person's wish undone"
    button.make_room(True)
    assert not panel.isHidden()
    button.click()
    button.make_room(False)
    button.make_room(True)
    assert panel.isHidden(), "a person folded it"
