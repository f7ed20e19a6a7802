"""The models in the real window: listed, installed, used, dropped, by clicking."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QToolButton

from desktop.main_window import MainWindow
from desktop.models.row import ModelRow
from desktop.models.words import Action
from engine.events import IndexProgress, Phase
from engine.model_records import Doing, ModelEvent, Standing, TaskEnded, TaskProgress
from engine.models.shelf.choices import choices
from engine.models.shelf.importing import import_model
from engine.models.shelf.installed import ModelStore
from engine.roster import advice
from tests.engine.models import tiny_published
from tests.engine.models.hub_standin import StandIn
from tests.engine.models.tiny_published import ARCHITECTURE
from tests.model_hub import ASKED, NAME, tiny_hub

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_published.weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def mine(home, weights) -> str:
    import_model(ModelStore(home.models), weights[".safetensors"], "mine", ARCHITECTURE)
    return "mine"


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, weights) -> Iterator[StandIn]:
    with tiny_hub(monkeypatch, weights) as hub:
        yield hub


@pytest.fixture
def shelf(pictures: Path, make_photo) -> Path:
    for number in range(5):
        make_photo(pictures / f"{number}.png", seed=number)
    (pictures / "note.txt").write_text("boats in a harbour")
    return pictures


def listing(qtbot, window: MainWindow) -> dict[str, ModelRow]:
    """Opens the dialog as a person does, and waits until it lists."""
    qtbot.mouseClick(window.sidebar._models, Qt.MouseButton.LeftButton)
    rows = window.models.dialog.rows
    qtbot.waitUntil(lambda: "starter" in rows, timeout=PATIENCE_MS)
    return rows


def buttons(row: ModelRow) -> dict[str, QPushButton]:
    found = row.findChildren(QPushButton)
    return {button.text(): button for button in found if not button.isHidden()}


def click(qtbot, row: ModelRow, action: Action) -> None:
    qtbot.waitUntil(lambda: action.value in buttons(row), timeout=PATIENCE_MS)
    qtbot.mouseClick(buttons(row)[action.value], Qt.MouseButton.LeftButton)


def choose(qtbot, row: ModelRow, action: Action) -> None:
    """Chooses from the menu behind the small button."""

    def offered() -> list[QAction]:
        shown = [button for button in row.findChildren(QToolButton) if not button.isHidden()]
        actions = [action for button in shown for action in button.menu().actions()]
        return [found for found in actions if found.text() == action.value]

    qtbot.waitUntil(lambda: bool(offered()), timeout=PATIENCE_MS)
    offered()[0].trigger()


def answer(qtbot, window: MainWindow, text: str) -> str:
    """Answers the question that is asked; what was said."""
    dialog = window.models.dialog
    qtbot.waitUntil(lambda: dialog.findChild(QMessageBox) is not None, timeout=PATIENCE_MS)
    box = dialog.findChild(QMessageBox)
    said = f"{box.text()} {box.informativeText()}"
    button = next(button for button in box.buttons() if button.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.findChild(QMessageBox) is None, timeout=PATIENCE_MS)
    return said


def ask_for_other(qtbot, window: MainWindow, name: str = ASKED) -> None:
    """Types the name of a model that is not in the list."""
    dialog = window.models.dialog
    other = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Install another…")
    qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    box = dialog.findChild(QInputDialog)
    box.setTextValue(name)
    box.accept()
    qtbot.waitUntil(lambda: dialog.findChild(QInputDialog) is None, timeout=PATIENCE_MS)


def until(qtbot, row: ModelRow, standing: Standing) -> None:
    qtbot.waitUntil(lambda: row.entry.standing is standing, timeout=PATIENCE_MS)


def wait_until_indexed(qtbot, window: MainWindow, count: int) -> None:
    qtbot.waitUntil(
        lambda: len(window.results.view.hits) == count and window._phase is Phase.IDLE,
        timeout=PATIENCE_MS,
    )


def test_the_models_are_listed_in_their_sections(open_window, qtbot, mine) -> None:
    window = open_window()
    rows = listing(qtbot, window)
    assert rows["starter"].entry.standing is Standing.IN_USE
    assert not buttons(rows["starter"])
    assert set(buttons(rows[mine])) == {Action.USE.value}
    for choice in choices():
        assert set(buttons(rows[choice.name])) == {Action.INSTALL.value}
        assert choice.licence in rows[choice.name]._facts.text()
    assert "Finds the right photo first" in rows["vit-b-32"]._figures.text()
    headings = [label for label in window.models.dialog._headings.values() if label.isVisible()]
    assert [label.text() for label in headings] == ["In use", "On this computer", "To install"]
    assert "Starter" in window.sidebar._models.text()
    named = [b for row in rows.values() for b in buttons(row).values()]
    assert all(button.accessibleName() for button in named)


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_model_is_downloaded_after_it_is_said_what_leaves(open_window, qtbot, standin) -> None:
    window = open_window()
    rows = listing(qtbot, window)
    ask_for_other(qtbot, window)
    said = answer(qtbot, window, "Cancel")
    assert standin.url.removeprefix("http://") in said
    assert "no photo" in said
    assert not standin.paths, "nothing left this computer"
    ask_for_other(qtbot, window)
    bridge = window._bridge.models
    told: list[TaskProgress] = []
    bridge.task_changed.connect(told.append)
    with qtbot.waitSignal(bridge.task_ended, timeout=PATIENCE_MS) as ended:
        answer(qtbot, window, "Download")
    assert ended.args == [TaskEnded(NAME, Doing.MEASURING)]
    assert next(t.doing for t in told if t.total) is Doing.DOWNLOADING
    qtbot.waitUntil(lambda: NAME in rows, timeout=PATIENCE_MS)
    until(qtbot, rows[NAME], Standing.INSTALLED)
    facts = rows[NAME]._facts
    qtbot.waitUntil(lambda: "photos/s here" in facts.text(), timeout=PATIENCE_MS)
    window.models.dialog.sent_asked.emit()
    sent = window.models.sent_dialog
    qtbot.waitUntil(lambda: sent.model.rowCount() == len(standin.paths), timeout=PATIENCE_MS)
    QAbstractItemModelTester(sent.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert sent.model.data(sent.model.index(0, 1)) == "127.0.0.1"
    sent.close()


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_progress_is_shown_and_cancel_stops_the_download(open_window, qtbot, standin, home) -> None:
    standin.break_off = [50_000, 0]  # so that it is begun, and has a row
    window = open_window()
    rows = listing(qtbot, window)
    ask_for_other(qtbot, window)
    answer(qtbot, window, "Download")
    qtbot.waitUntil(lambda: NAME in rows, timeout=PATIENCE_MS)
    until(qtbot, rows[NAME], Standing.BEGUN)
    row = rows[NAME]
    qtbot.waitUntil(lambda: "no connection" in row._error.text(), timeout=PATIENCE_MS)

    may_go_on = threading.Event()

    def hold(event: ModelEvent) -> None:
        """Holds the engine's thread as soon as bytes are told, until Cancel was clicked."""
        if isinstance(event, TaskProgress) and event.total and event.doing is Doing.DOWNLOADING:
            assert may_go_on.wait(PATIENCE_MS / 1000)

    window._bridge._library.models.subscribe(hold)
    ask_for_other(qtbot, window)
    answer(qtbot, window, "Download")
    qtbot.waitUntil(lambda: "50 KB of 6.5 MB" in row._told.text(), timeout=PATIENCE_MS)
    assert row._bar.isVisible()
    assert not row._error.text()
    click(qtbot, row, Action.CANCEL)
    with qtbot.waitSignal(window._bridge.models.task_ended, timeout=PATIENCE_MS) as ended:
        may_go_on.set()
    assert ended.args[0].cancelled
    qtbot.waitUntil(lambda: Action.REMOVE.value in buttons(row), timeout=PATIENCE_MS)
    assert not row._bar.isVisible()
    assert not row._error.text(), "what a person wanted is no error"
    click(qtbot, row, Action.REMOVE)
    answer(qtbot, window, "Remove")
    qtbot.waitUntil(lambda: NAME not in rows, timeout=PATIENCE_MS)


@pytest.mark.enable_socket
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_download_that_fails_says_what_to_do(open_window, qtbot, standin, shelf) -> None:
    standin.portal = "page"
    window = open_window(shelf)
    rows = listing(qtbot, window)
    click(qtbot, rows["vit-b-32"], Action.INSTALL)
    said = answer(qtbot, window, "Download")
    assert "605.1 MB" in said
    assert "MIT" in said
    qtbot.waitUntil(rows["vit-b-32"]._error.isVisible, timeout=PATIENCE_MS)
    assert "sign in" in rows["vit-b-32"]._error.text()
    wait_until_indexed(qtbot, window, 6)
    assert rows["starter"].entry.standing is Standing.IN_USE


def test_a_model_is_used_prepared_and_its_predecessor_dropped(
    open_window, qtbot, mine, shelf, embedded
) -> None:
    window = open_window(shelf)
    wait_until_indexed(qtbot, window, 6)
    count = embedded()["starter"]
    rows = listing(qtbot, window)
    window._bridge.pause()
    click(qtbot, rows[mine], Action.USE)
    until(qtbot, rows[mine], Standing.PREPARING)
    asked = {Action.TAKE_OVER.value, Action.STOP.value}
    qtbot.waitUntil(lambda: set(buttons(rows[mine])) == asked, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: rows[mine]._told.text() == "Paused", timeout=PATIENCE_MS)
    click(qtbot, rows[mine], Action.STOP)
    until(qtbot, rows[mine], Standing.INSTALLED)
    choose(qtbot, rows[mine], Action.MIX)
    until(qtbot, rows[mine], Standing.PREPARING)
    told: list[str] = []
    window._bridge.progress_changed.connect(lambda _: told.append(rows[mine]._told.text()))
    window._bridge.resume()
    until(qtbot, rows[mine], Standing.IN_USE)
    assert any(f"of {count} encoded" in text and "both answer" in text for text in told), told
    until(qtbot, rows["starter"], Standing.BUILT_IN)
    assert "is kept" in rows["starter"]._figures.text()
    qtbot.waitUntil(lambda: "keepsight-" in window.sidebar._models.text(), timeout=PATIENCE_MS)
    choose(qtbot, rows["starter"], Action.DROP)
    assert "encoded anew" in answer(qtbot, window, "Drop")
    qtbot.waitUntil(lambda: not rows["starter"].entry.kept_bytes, timeout=PATIENCE_MS)
    assert list(embedded().values()) == [count]


def test_a_name_that_nobody_knows_is_told(open_window, qtbot) -> None:
    window = open_window()
    listing(qtbot, window)
    ask_for_other(qtbot, window, "nothing-like-it")
    problem = window.models.dialog._problem
    qtbot.waitUntil(lambda: "neither in the catalog" in problem.text(), timeout=PATIENCE_MS)
    assert problem.isVisible()


def test_take_over_now_does_not_wait(open_window, qtbot, mine, shelf) -> None:
    window = open_window(shelf)
    wait_until_indexed(qtbot, window, 6)
    rows = listing(qtbot, window)
    window._bridge.pause()
    click(qtbot, rows[mine], Action.USE)
    click(qtbot, rows[mine], Action.TAKE_OVER)
    window._bridge.resume()
    until(qtbot, rows[mine], Standing.IN_USE)
    wait_until_indexed(qtbot, window, 6)


def test_the_recommendation_comes_first_with_its_reasons(
    open_window, qtbot, shelf, monkeypatch
) -> None:
    monkeypatch.setattr(advice, "time_reference", lambda *_: 0.25)
    window = open_window(shelf)
    wait_until_indexed(qtbot, window, 6)
    rows = listing(qtbot, window)
    dialog = window.models.dialog
    dialog.advice.choose(["en", "zh"])
    assert dialog.advice._languages.text() == "English, Chinese ▾"
    with qtbot.waitSignal(window._bridge.models.task_ended, timeout=PATIENCE_MS):
        qtbot.mouseClick(dialog.advice._find, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.advice._bar.isVisible(), timeout=PATIENCE_MS)
    (best,) = [row for row in rows.values() if row._recommended.isVisible()]
    assert "zh" in best.entry.languages
    assert "indexes 5 photos in about" in best._advice.text()
    assert "Does not know: zh" in rows["vit-b-32"]._advice.text()
    assert "English, Chinese" in dialog.advice._told.text()
    assert dialog._headings["Recommended for this computer"].isVisible()
    order = [dialog._list.itemAt(i).widget() for i in range(dialog._list.count())]
    assert order.index(best) < order.index(rows["mobileclip2-s0"])


@pytest.mark.slow
def test_a_model_is_exported_removed_and_imported(
    open_window, qtbot, mine, tmp_path, monkeypatch
) -> None:
    window = open_window()
    rows = listing(qtbot, window)
    file = tmp_path / "copy.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    with qtbot.waitSignal(window._bridge.models.task_ended, timeout=PATIENCE_MS) as exported:
        choose(qtbot, rows[mine], Action.EXPORT)
    assert exported.args == [TaskEnded(mine, Doing.EXPORTING)]
    qtbot.waitUntil(lambda: rows[mine].task is None, timeout=PATIENCE_MS)
    choose(qtbot, rows[mine], Action.REMOVE)
    answer(qtbot, window, "Remove")
    qtbot.waitUntil(lambda: mine not in rows, timeout=PATIENCE_MS)
    window.models.dialog.import_asked.emit()
    asking = window.models.import_dialog
    asking.set_path(file)
    assert asking._name.text() == "copy"
    begin = next(b for b in asking.findChildren(QPushButton) if b.text() == "Import")
    with qtbot.waitSignal(window._bridge.models.task_ended, timeout=PATIENCE_MS):
        qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "copy" in rows, timeout=PATIENCE_MS)


def test_a_checkpoint_is_asked_for_its_architecture(open_window, qtbot, weights) -> None:
    window = open_window()
    listing(qtbot, window)
    asking = window.models.import_dialog
    asking.open()
    asking.set_path(weights[".pt"])
    begin = next(b for b in asking.findChildren(QPushButton) if b.text() == "Import")
    qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert asking.isVisible(), "it lacks the architecture"
    asking._architecture.setText("ViT-B-99")
    with qtbot.waitSignal(window._bridge.models.task_ended, timeout=PATIENCE_MS) as ended:
        qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert ended.args[0].title
    problem = window.models.dialog._problem
    qtbot.waitUntil(lambda: ended.args[0].title in problem.text(), timeout=PATIENCE_MS)


def test_a_row_is_as_high_as_what_it_says_after_it_moved(open_window, qtbot, mine) -> None:
    window = open_window()
    rows = listing(qtbot, window)
    dialog = window.models.dialog
    dialog._arranged = []
    dialog._arrange()
    before = rows[mine].height()
    dialog.show_task(TaskProgress(mine, Doing.MEASURING, 50, 100, "Comparing"))
    qtbot.waitUntil(lambda: rows[mine].height() > before)
    assert rows[mine].height() >= rows[mine].heightForWidth(rows[mine].width())


def test_while_another_model_is_prepared_the_status_bar_says_so(open_window, qtbot) -> None:
    window = open_window()
    listing(qtbot, window)
    window._on_progress(IndexProgress(Phase.PREPARING, 112, 320, 0, 4.0, 52.0, model="mine"))
    assert "Preparing mine: 112 of 320" in window.status._doing.text()
    assert window.status._bar.isVisible()
