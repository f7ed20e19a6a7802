"""The bridge is the only crossing between the engine's threads and Qt."""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image
from PySide6.QtCore import QThread

from desktop.bridge import Bridge
from engine.library import Library
from engine.records import Background
from engine.roster.shelf import ModelShelf
from engine.search_records import Query, SearchResult


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


def test_a_thumbnail_may_be_wanted_again(home, qapp, qtbot, pictures, make_photo) -> None:
    photo = make_photo(pictures / "a.jpg")
    library = Library.open(home)
    for _ in library.index([pictures]):
        pass
    (hit,) = library.search(Query()).hits
    bridge = Bridge(library)
    away = photo.rename(pictures / "away")
    with qtbot.waitSignal(bridge.thumbnail_loaded, timeout=20_000) as loaded:
        bridge.want_thumbnails([hit], 256)
    assert loaded.args[2].isNull()
    away.rename(photo)
    with qtbot.waitSignal(bridge.thumbnail_loaded, timeout=20_000) as loaded:
        bridge.want_thumbnails([hit], 256)
    assert loaded.args[2].width() == 96
    bridge.close()


def test_a_region_comes_for_the_last_question_only(
    home, qapp, qtbot, pictures, real_photos
) -> None:
    pictures.mkdir(exist_ok=True)
    four = Image.new("RGB", (480, 480))
    for number, name in enumerate(["rocket", "coffee", "motorcycle", "cat"]):
        with Image.open(real_photos[name]) as photo:
            corner = (240 * (number % 2), 240 * (number // 2))
            four.paste(photo.convert("RGB").resize((240, 240)), corner)
    four.save(pictures / "four.png")
    library = Library.open(home)
    for _ in library.index([pictures]):
        pass
    bridge = Bridge(library)
    found = []
    bridge.region_found.connect(lambda *args: found.append(args))
    with qtbot.waitSignal(bridge.search_finished, timeout=20_000) as finished:
        bridge.search(Query(text="a cat"))
    (hit,) = finished.args[0].hits
    bridge.find_region(hit)
    with qtbot.waitSignal(bridge.search_finished, timeout=20_000):
        bridge.search(Query(text="a motorcycle"))
    with qtbot.waitSignal(bridge.region_found, timeout=20_000):
        bridge.find_region(hit)
    assert len(found) == 1
    segment, region = found[0]
    assert segment == hit.segment_id
    assert region.left + region.right < 1
    assert region.top + region.bottom > 1
    bridge.close()


class Gate:
    """Lets one search after the other through, and notes which were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.first_begun = threading.Event()
        self.passes = threading.Semaphore(0)


@pytest.fixture
def gate(monkeypatch) -> Iterator[Gate]:
    gate = Gate()
    search = Library.search

    def held(library: Library, query: Query) -> SearchResult:
        gate.begun.append(query.text)
        gate.first_begun.set()
        gate.passes.acquire(timeout=20)
        return search(library, query)

    monkeypatch.setattr(Library, "search", held)
    yield gate
    gate.passes.release(9)


def test_overtaken_questions_are_not_looked_for(home, qtbot, gate) -> None:
    bridge = Bridge(Library.open(home))
    answers: list[str] = []
    bridge.search_finished.connect(lambda result: answers.append(result.query.text))
    bridge.search(Query(text="a"))
    assert gate.first_begun.wait(20)
    with qtbot.waitSignal(bridge.search_finished, timeout=20_000):
        for text in ("a c", "a ca", "a cat"):
            bridge.search(Query(text=text))
        gate.passes.release(9)
    bridge.close()
    assert gate.begun == ["a", "a cat"]
    assert answers == ["a cat"]


def test_asking_again_does_not_put_off_the_answer(home, qtbot, gate) -> None:
    bridge = Bridge(Library.open(home))
    bridge.search(Query(text="a cat"))
    assert gate.first_begun.wait(20)
    with qtbot.waitSignal(bridge.search_finished, timeout=20_000):
        bridge.search(Query(text="a cat"))
        gate.passes.release()
    gate.passes.release()
    bridge.close()


def test_nothing_is_said_after_closing(home, qapp, qtbot) -> None:
    bridge = Bridge(Library.open(home))
    bridge.search(Query(text="cat"))
    bridge.close()
    with qtbot.assertNotEmitted(bridge.search_finished, wait=100):
        qapp.processEvents()


def test_a_choice_that_cannot_be_kept_is_taken_back(home, qtbot) -> None:
    bridge = Bridge(Library.open(home))
    before = bridge.background
    told: list[Background] = []
    bridge.background_set.connect(told.append)
    (home.config / "settings.json").write_text("no JSON")
    with qtbot.waitSignal(bridge.failed, timeout=20_000) as failed:
        bridge.set_background(replace(before, looks_closer=not before.looks_closer))
    assert failed.args[0] == "The settings cannot be read"
    assert told == [before]
    bridge.close()


def test_what_goes_wrong_is_told(home, qapp, qtbot, tmp_path) -> None:
    bridge = Bridge(Library.open(home))
    with qtbot.waitSignal(bridge.failed, timeout=20_000) as failed:
        bridge.add_folder(tmp_path / "missing")
    assert failed.args[0] == "There is no such folder"
    bridge.close()


def test_what_nobody_expected_is_told_and_logged(
    home, qapp, qtbot, tmp_path, monkeypatch, caplog
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    for of, name in ((Library, "add_folder"), (Library, "search"), (ModelShelf, "overview")):
        monkeypatch.setattr(of, name, fail)
    bridge = Bridge(Library.open(home))
    for signal, ask in (
        (bridge.failed, lambda: bridge.add_folder(tmp_path)),
        (bridge.search_failed, lambda: bridge.search(Query())),
        (bridge.models.failed, bridge.models.load),
    ):
        with qtbot.waitSignal(signal, timeout=20_000) as failed:
            ask()
        assert failed.args[-2] == "Keepsight did not expect this"
        assert "OperationalError: disk I/O error" in failed.args[-1]
    assert caplog.text.count("Traceback") == 3
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
