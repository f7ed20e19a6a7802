from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from desktop.copies import MOST, Copies

OWN, OTHER = Path("/pictures/IMG_1.jpg"), Path("/old <&>/IMG_1.jpg")


@pytest.fixture
def copies(qtbot) -> Copies:
    made = Copies()
    qtbot.addWidget(made)
    made.resize(300, 100)
    return made


def plain(copies: Copies) -> str:
    return copies.text().replace("\u200b", "")


def test_they_are_counted_and_listed_once_they_are_known(copies, make_hit, qtbot) -> None:
    copies.show_hit(make_hit(2))
    assert copies.isHidden(), "there are none"
    hit = make_hit(1, copies=2)
    with qtbot.waitSignal(copies.wanted) as wanted:
        copies.show_hit(hit)
    assert wanted.args == [1]
    assert copies.text() == "2 other copies"
    copies.show_places(2, [(OTHER, "")])
    assert copies.text() == "2 other copies", "that is another hit"
    copies.show_places(1, [(OTHER, ""), (OWN, ""), (Path("/a.zip"), "b.jpg")])
    listed = plain(copies)
    assert "/old &lt;&amp;&gt;/IMG_1.jpg" in listed
    assert "/a.zip › b.jpg" in listed
    assert "/pictures" not in listed
    copies.show_hit(hit)
    assert plain(copies) == listed, "while it is asked for anew"
    copies.show_places(1, [(Path(f"/{number}.jpg"), "") for number in range(MOST + 5)])
    assert "and 5 more" in copies.text()


def test_each_can_be_chosen_by_keys(copies, make_hit, qtbot) -> None:
    copies.show_hit(make_hit(1, copies=1))
    copies.show_places(1, [(OTHER, ""), (OWN, "")])
    with qtbot.waitActive(copies):
        copies.show()
        copies.activateWindow()
    copies.setFocus()
    qtbot.keyClick(copies, Qt.Key.Key_Tab)
    with qtbot.waitSignal(copies.chosen) as chosen:
        qtbot.keyClick(copies, Qt.Key.Key_Return)
    assert chosen.args == [OTHER]
