"""The bridge is the only crossing between the engine's threads and Qt."""

import sys

from PySide6.QtCore import QThread

from desktop.bridge import Bridge
from engine.library import Library
from engine.records import Query


def test_answers_arrive_on_the_gui_thread(home, qapp, qtbot, pictures, make_photo) -> None:
    make_photo(pictures / "a.jpg")
    library = Library.open(home)
    for _ in library.index([pictures]):
        pass
    bridge = Bridge(library)
    threads = []
    bridge.search_finished.connect(lambda _: threads.append(QThread.currentThread()))
    with qtbot.waitSignal(bridge.search_finished, timeout=20_000) as finished:
        bridge.search(Query())
    assert len(finished.args[0].hits) == 1
    (hit,) = finished.args[0].hits
    with qtbot.waitSignal(bridge.thumbnail_loaded, timeout=20_000) as loaded:
        bridge.want_thumbnails([hit], 256)
    assert loaded.args[:2] == [hit.content_id, 256]
    assert loaded.args[2].width() == 96
    assert threads == [qapp.thread()]
    bridge.close()


def test_nothing_is_said_after_closing(home, qapp, qtbot) -> None:
    bridge = Bridge(Library.open(home))
    bridge.search(Query(text="cat"))
    bridge.close()
    with qtbot.assertNotEmitted(bridge.search_finished, wait=100):
        qapp.processEvents()


def test_what_goes_wrong_is_told(home, qapp, qtbot, tmp_path) -> None:
    bridge = Bridge(Library.open(home))
    with qtbot.waitSignal(bridge.failed, timeout=20_000) as failed:
        bridge.add_folder(tmp_path / "missing")
    assert failed.args[0] == "There is no such folder"
    bridge.close()


def test_signals_lose_no_references(home, qapp) -> None:
    """PySide6 6.12.0 lost one to True with every signal, and ended the process after thousands."""
    bridge = Bridge(Library.open(home))
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(500):
        bridge.library_changed.emit()
    after = sys.getrefcount(True), sys.getrefcount(None)
    bridge.close()
    assert all(a > b - 100 for a, b in zip(after, before, strict=True))
