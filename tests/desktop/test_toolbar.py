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
