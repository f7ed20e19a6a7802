"""What is offered where there is nothing to show."""

from pathlib import Path

from PySide6.QtWidgets import QPushButton

from desktop.results.empty_state import EmptyState

PICTURES, DOCUMENTS = Path("/pictures/Pictures"), Path("/pictures/Docs & more")


def buttons(empty: EmptyState) -> dict[str, QPushButton]:
    return {
        button.text(): button
        for button in empty.findChildren(QPushButton)
        if button.isVisibleTo(empty)
    }


def test_folders_are_offered_together_and_each(qtbot) -> None:
    empty = EmptyState()
    qtbot.addWidget(empty)
    chosen: list[Path] = []
    empty.folder_chosen.connect(chosen.append)
    empty.tell("folder-plus", "Welcome", "", "Choose…", [PICTURES, DOCUMENTS])
    offered = buttons(empty)
    assert set(offered) == {
        "Pictures and Docs && more",
        "Pictures",
        "Docs && more",
        "Choose…",
    }
    offered["Pictures"].click()
    assert chosen == [PICTURES]
    offered["Pictures and Docs && more"].click()
    assert chosen == [PICTURES, PICTURES, DOCUMENTS]
    with qtbot.waitSignal(empty.action_requested):
        offered["Choose…"].click()


def test_one_folder_is_offered_once_and_none_where_it_does_not_help(qtbot) -> None:
    empty = EmptyState()
    qtbot.addWidget(empty)
    empty.tell("folder-plus", "Welcome", "", "Choose…", [PICTURES])
    assert set(buttons(empty)) == {"Pictures", "Choose…"}
    empty.tell("search", "Nothing found", "")
    assert buttons(empty) == {}
