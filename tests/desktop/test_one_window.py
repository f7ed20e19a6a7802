"""Of two starts on one library, the second brings the window of the first forward."""

from pathlib import Path

from PySide6.QtNetwork import QLocalServer

from desktop.one_window import OneWindow, hand_over
from engine.paths import Home


def test_a_second_start_hands_its_folders_over(home: Home, qtbot, tmp_path: Path) -> None:
    assert not hand_over(home, [tmp_path])
    first = OneWindow(home)
    odd = tmp_path / "two words,\nand a line 照片"
    with qtbot.waitSignal(first.started_again) as heard:
        assert hand_over(home, [tmp_path, odd])
    assert heard.args == [[tmp_path, odd]]
    with qtbot.waitSignal(first.started_again) as heard:
        assert hand_over(home, [])
    assert heard.args == [[]]


def test_folders_are_named_as_seen_from_the_second(home, qtbot, tmp_path, monkeypatch) -> None:
    first = OneWindow(home)
    monkeypatch.chdir(tmp_path)
    with qtbot.waitSignal(first.started_again) as heard:
        assert hand_over(home, [Path("Trips")])
    assert heard.args == [[tmp_path / "Trips"]]


def test_each_library_has_its_own(home: Home, qtbot, tmp_path: Path) -> None:
    first = OneWindow(home)
    other = Home.at(tmp_path / "other").create()
    with qtbot.assertNotEmitted(first.started_again):
        assert not hand_over(other, [])


def test_a_window_that_was_killed_is_not_waited_for(home: Home, qtbot) -> None:
    killed = OneWindow(home)
    path = Path(killed._server.fullServerName())
    killed._server.close()
    if (
        path.is_absolute() and not path.exists()
    ):  # what a killed process leaves where sockets are files
        path.touch()
    assert not hand_over(home, [])
    again = OneWindow(home)
    assert again._server.isListening()
    with qtbot.waitSignal(again.started_again):
        assert hand_over(home, [])
    QLocalServer.removeServer(again._server.serverName())
