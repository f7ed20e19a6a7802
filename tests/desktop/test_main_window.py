"""The real window, on real files, from adding a folder to opening a hit."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from desktop import open_files, pace, question, questions, theme
from desktop.main_window import MainWindow
from engine.events import Phase
from engine.records import Folder, FolderId, FolderState
from engine.search_records import Query

PATIENCE_MS = 60_000
CAT, ROCKET, COFFEE = "IMG_1.png", "IMG_2.jpg", "IMG_3.png"
PHOTOS = {"cat": CAT, "rocket": ROCKET, "coffee": COFFEE}


@pytest.fixture
def shelf(pictures: Path, real_photos, make_photo) -> Path:
    for name, target in PHOTOS.items():
        shutil.copy(real_photos[name], pictures / target)
    (pictures / "contract.txt").write_text("The tenant pays a deposit of three months' rent.")
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    return pictures


def names(window: MainWindow) -> list[str]:
    return [hit.path.name for hit in window.results.view.hits]


def wait_for(qtbot, window: MainWindow, count: int) -> None:
    qtbot.waitUntil(
        lambda: len(names(window)) == count and window._phase is Phase.IDLE, timeout=PATIENCE_MS
    )


def answering(qtbot, window: MainWindow, **asked: object):
    """Waits for the answer to a query that asks so: the window looks again by itself too."""
    return qtbot.waitSignal(
        window.answered,
        timeout=PATIENCE_MS,
        check_params_cb=lambda r: all(getattr(r.query, name) == v for name, v in asked.items()),
    )


def ask(qtbot, window: MainWindow, text: str) -> None:
    with answering(qtbot, window, text=text):
        window.search_bar.set_text(text)


def drop(mime: QMimeData, onto: QWidget) -> None:
    """Drags from outside onto a widget, and lets go there."""
    details = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton)
    plain = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(onto, QDragEnterEvent(QPoint(5, 5), *details, plain))
    QApplication.sendEvent(onto, QDropEvent(QPointF(5, 5), *details, plain))


def test_from_an_empty_window_to_an_open_file(open_window, shelf, qtbot, monkeypatch) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window.results.empty.title == "Find anything by describing it")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(shelf))
    opened: list[Path] = []
    monkeypatch.setattr(open_files, "open_file", lambda path: opened.append(path) or True)

    qtbot.mouseClick(window.results.empty._button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, window, 4)
    assert set(names(window)) == {CAT, ROCKET, COFFEE, "contract.txt"}
    qtbot.waitUntil(lambda: window.status._counts.text() == "3 photos · 1 document")
    assert window.status._skips.text() == "1 skipped"

    qtbot.keyClicks(window.search_bar._field, "a rocket launch")
    qtbot.waitUntil(lambda: bool(window.results.view.hits[0].matches), timeout=PATIENCE_MS)
    assert names(window)[0] == ROCKET
    window.results.view.select(0)
    assert ROCKET in window.preview._title.text().replace("\u200b", "")
    assert "like it" in window.preview._why.text()
    qtbot.waitUntil(lambda: window.preview.picture.is_whole, timeout=PATIENCE_MS)
    qtbot.keyClick(window.results.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened == [shelf / ROCKET])


def test_a_document_shows_its_passage_with_the_words_marked(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    ask(qtbot, window, "deposit")
    assert names(window)[0] == "contract.txt"
    window.results.view.select(0)
    assert "deposit of three months" in window.preview.text.toPlainText()
    assert "<span" in window.preview.text.toHtml()


def test_the_large_view_shows_one_hit_after_the_other(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    ask(qtbot, window, "a rocket launch")
    view, large = window.results.view, window.hits.large
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert large.isVisible()
    assert window.focusWidget() is large
    qtbot.waitUntil(lambda: large.picture.is_whole, timeout=PATIENCE_MS)
    qtbot.keyClick(large, Qt.Key.Key_Right)
    second = view.current_hit
    assert second == view.hits[1]
    assert second.path.name in large.accessibleDescription()
    qtbot.keyClick(large, Qt.Key.Key_Escape)
    assert large.isHidden()
    assert window.focusWidget() is view
    assert window.search_bar.query.text == "a rocket launch", "Escape only closed what was large"
    assert second.path.name in window.preview._title.text().replace("\u200b", "")
    qtbot.mouseClick(window.preview.picture, Qt.MouseButton.LeftButton)
    assert large.isVisible()
    ask(qtbot, window, "name:nothing-of-this-kind")
    assert large.isHidden(), "there is nothing to show"


def test_words_that_the_model_does_not_know_are_named(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    ask(qtbot, window, "ракета")
    assert names(window) == []
    assert window.results.empty.title == "Nothing found"
    assert "does not know: Cyrillic script" in window.results.empty._message.text()
    message = window.results.empty._message
    # No line is cut off.
    qtbot.waitUntil(lambda: message.height() >= message.heightForWidth(message.width()))
    ask(qtbot, window, "qwzxk")
    assert "does not know: qwzxk" in window.results.empty._message.text()


@pytest.mark.parametrize("place", ["onto the field", "elsewhere"])
def test_a_dropped_picture_and_words_make_one_query(
    open_window, shelf, real_photos, qtbot, tmp_path, place
) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    copy = shutil.copy(real_photos["cat"], tmp_path / "dropped.png")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(copy))])
    with answering(qtbot, window, picture=Path(copy)):
        drop(mime, window.search_bar._field if place == "onto the field" else window.preview)
    assert names(window)[0] == CAT
    assert window.search_bar._chip.isVisible()
    ask(qtbot, window, "a rocket")
    assert window.search_bar.query.picture == Path(copy)
    assert names(window)[0] == CAT
    with answering(qtbot, window, picture=None, text="a rocket"):
        window.search_bar.remove_picture()
    assert names(window)[0] == ROCKET


def test_dropped_words_are_searched_for(open_window, qtbot) -> None:
    window = open_window()
    mime = QMimeData()
    mime.setText("red kite")
    with answering(qtbot, window, text="red kite"):
        drop(mime, window.search_bar._field)


@pytest.mark.parametrize("place", ["in the field", "elsewhere"])
def test_a_pasted_picture_is_searched_with(open_window, shelf, real_photos, qtbot, place) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    QApplication.clipboard().setImage(QImage(str(real_photos["coffee"])))
    focused = window.search_bar._field if place == "in the field" else window.results.view
    qtbot.waitUntil(window.isActiveWindow)
    focused.setFocus()
    qtbot.keyClick(focused, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: names(window)[:1] == [COFFEE], timeout=PATIENCE_MS)
    assert window.search_bar._chip._name.text() == "Pasted picture"


def test_pasted_words_are_words_though_a_picture_of_them_comes_along(
    open_window, real_photos, qtbot
) -> None:
    window = open_window()
    mime = QMimeData()
    mime.setText("red kite")
    mime.setImageData(QImage(str(real_photos["coffee"])))
    QApplication.clipboard().setMimeData(mime)
    field = window.search_bar._field
    with answering(qtbot, window, text="red kite", picture=None):
        qtbot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


def test_more_like_a_hit(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    hit = window.results.view.hits[0]
    with answering(qtbot, window, like=hit.content_id, like_segment=hit.segment_id):
        window.find_similar(hit)
    assert hit.path.name not in names(window)
    assert window.search_bar._chip.isVisible()
    assert not window.search_bar._chip._picture.pixmap().isNull()
    assert window.search_bar._field.placeholderText() == "Add words"
    with answering(qtbot, window, like=None, like_segment=None):
        window.search_bar.remove_picture()


def test_the_arrow_down_from_the_field_begins_at_the_first_hit(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    view, field = window.results.view, window.search_bar._field
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert view.current_hit == view.hits[0]
    view.select(2)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert view.current_hit == view.hits[2], "where one was before"


@pytest.mark.parametrize("key", [Qt.Key.Key_Down, Qt.Key.Key_Return])
def test_the_first_hit_is_gone_to_though_its_answer_is_on_its_way(
    open_window, shelf, qtbot, monkeypatch, key
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(open_files, "open_file", lambda path: opened.append(path) or True)
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(window.isActiveWindow)
    view, field = window.results.view, window.search_bar._field
    view.select(names(window).index(CAT))
    field.setFocus()
    qtbot.keyClicks(field, "a rocket launch")
    with answering(qtbot, window, text="a rocket launch"):
        qtbot.keyClick(field, key)
        assert window.search_bar.query.text == "a rocket launch", "it is asked at once"
        assert field.hasFocus(), "nothing of the last answer is gone to"
    assert view.hasFocus()
    assert view.current_hit == view.hits[0]
    assert view.current_hit.path.name == ROCKET
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened == [shelf / ROCKET])


def test_those_who_type_on_are_not_led_away(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(window.isActiveWindow)
    field = window.search_bar._field
    qtbot.keyClicks(field, "a rocket")
    with answering(qtbot, window, text="a rocket"):
        qtbot.keyClick(field, Qt.Key.Key_Return)
        qtbot.keyClicks(field, " launch")
    assert field.hasFocus()
    with answering(qtbot, window, text="a rocket launch"):
        pass
    assert field.hasFocus()


def test_where_nothing_is_found_one_stays_in_the_field(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(window.isActiveWindow)
    field = window.search_bar._field
    qtbot.keyClicks(field, "qwzxk")
    with answering(qtbot, window, text="qwzxk"):
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.hasFocus()


def test_one_goes_back_to_what_was_asked_before(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    ask(qtbot, window, "a cat")
    hit = window.results.view.hits[0]
    with answering(qtbot, window, like=hit.content_id):
        window.find_similar(hit)
    window.results.view.setFocus()
    alt = Qt.KeyboardModifier.AltModifier
    with answering(qtbot, window, text="a cat", like=None):
        qtbot.keyClick(window.results.view, Qt.Key.Key_Left, alt)
    assert not window.search_bar._chip.isVisible()
    with answering(qtbot, window, text="", like=hit.content_id):
        qtbot.keyClick(window.results.view, Qt.Key.Key_Right, alt)
    assert window.search_bar._chip.isVisible()
    with answering(qtbot, window, text="a cat", like=None):
        QTest.mouseClick(window.windowHandle(), Qt.MouseButton.BackButton)
    with answering(qtbot, window, text="", like=None):
        window._asking.way_back.button.click()
    assert not window._asking.way_back.button.isEnabled()


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the menu, offscreen
def test_the_last_searches_are_offered_below_the_empty_field(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    ask(qtbot, window, "a cat")
    with answering(qtbot, window, text=""):
        window.search_bar.clear()
    window.close()
    again = open_window()
    wait_for(qtbot, again, 4)
    qtbot.keyClick(again.search_bar._field, Qt.Key.Key_Down)
    (menu,) = again.search_bar.findChildren(QMenu)
    with answering(qtbot, again, text="a cat"):
        qtbot.keyClick(menu, Qt.Key.Key_Return)


def test_letters_typed_among_the_results_go_on_with_the_search(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(window.isActiveWindow)
    ask(qtbot, window, "a rock")
    window.results.view.setFocus()
    with answering(qtbot, window, text="a rocket"):
        qtbot.keyClick(window.results.view, "e")
        qtbot.keyClick(window.focusWidget(), "t")
    assert window.search_bar._field.hasFocus()


def test_pictures_are_made_larger_by_keys_and_by_the_wheel(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(window.isActiveWindow)
    slider, view = window.results._slider, window.results.view
    sizes = [slider.value()]
    ctrl = Qt.KeyboardModifier.ControlModifier
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        qtbot.keyClick(view, key, ctrl)
        sizes.append(slider.value())
    centre = QPointF(view.rect().center())
    turned = QWheelEvent(
        centre,
        centre,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        ctrl,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(window.results, turned)  # where the grid lets it go to
    sizes.append(slider.value())
    assert sizes[0] == sizes[2] < sizes[1] == sizes[3]


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the panel, offscreen
def test_help_is_one_key_away(open_window, qtbot) -> None:
    window = open_window()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.search_bar._field, Qt.Key.Key_F1)
    assert window.search_bar._help.isVisible()
    qtbot.keyClick(window.search_bar._help, Qt.Key.Key_Escape)
    assert window.search_bar._help.isHidden()


def test_the_menu_of_a_folder_opens_without_a_menu_key(open_window, qtbot) -> None:
    window = open_window()
    qtbot.waitUntil(lambda: window._overview is not None and window.isActiveWindow())
    folders = window.sidebar._folders
    folders.customContextMenuRequested.disconnect()
    online = FolderState.ONLINE
    window.sidebar.show_folders(
        [Folder(FolderId(number), Path(f"/{number}"), online, 0, 0, 0) for number in (1, 2)]
    )
    folders.setFocus()
    folders.setCurrentRow(1)
    with qtbot.waitSignal(folders.customContextMenuRequested) as asked:
        qtbot.keyClick(folders, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert folders.row(folders.itemAt(asked.args[0])) == 1


def test_a_key_closes_the_window(open_window, qtbot) -> None:
    window = open_window()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window.search_bar._field, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert window.isHidden()


def test_in_a_narrow_window_the_preview_makes_room_for_the_grid(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.resize(700, 500)
    qtbot.waitUntil(window.preview.isHidden)
    view = window.results.view
    qtbot.waitUntil(lambda: view.viewport().width() > 400)
    assert view.rect_of(0).right() < view.viewport().width()

    def is_narrower() -> bool:
        window.resize(600, 500)  # the room that the preview took is not free at once
        return window.width() == 600

    qtbot.waitUntil(is_narrower)
    window.close()
    window = open_window()
    assert window.width() == 600, "as it was left"
    window.resize(1200, 800)
    qtbot.waitUntil(window.preview.isVisible)


def test_a_folder_is_listed_as_soon_as_it_is_added(
    open_window, pictures, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr(pace, "LEAST_REST_MS", 10 * PATIENCE_MS)
    window = open_window()
    qtbot.waitUntil(lambda: window.results.empty.title == "Find anything by describing it")
    window._bridge.add_folder(pictures)
    qtbot.waitUntil(lambda: window.sidebar._folders.count() == 1)
    qtbot.waitUntil(lambda: window.results.empty.title != "Find anything by describing it")


def test_the_sidebar_narrows_what_is_shown(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.sidebar._scopes.setCurrentRow(2)
    qtbot.waitUntil(lambda: names(window) == ["contract.txt"], timeout=PATIENCE_MS)
    window.sidebar._folders.setCurrentRow(0)
    qtbot.waitUntil(lambda: len(names(window)) == 4, timeout=PATIENCE_MS)


def test_skipped_files_are_shown_with_their_reasons(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.status._skips.click()
    qtbot.waitUntil(lambda: window.skips_dialog.model.rowCount() == 1, timeout=PATIENCE_MS)
    assert window.skips_dialog.model.rows[0].path == shelf / "broken.jpg"
    window.skips_dialog.close()


def test_a_skipped_file_asked_for_by_its_name_leads_to_the_list(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.search_bar.set_text("broken")
    button = window.results._skipped
    qtbot.waitUntil(button.isVisible, timeout=PATIENCE_MS)
    assert str(shelf / "broken.jpg") in button.toolTip()
    button.click()
    qtbot.waitUntil(lambda: window.skips_dialog.model.rowCount() == 1, timeout=PATIENCE_MS)
    window.skips_dialog.close()


def test_skipped_files_that_are_tried_again_are_listed_anew(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.show_skips()
    dialog = window.skips_dialog
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1, timeout=PATIENCE_MS)
    dialog.retry_requested.emit()
    qtbot.waitUntil(lambda: [s.attempts for s in dialog.model.rows] == [2], timeout=PATIENCE_MS)
    dialog.close()


def test_what_happened_to_a_file_that_is_gone_is_told(
    open_window, shelf, qtbot, monkeypatch
) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    told: list[str] = []
    monkeypatch.setattr(questions, "tell", lambda _, *words: told.append(" ".join(words)))
    window.files.open_hit(replace(window.results.view.hits[0], path=shelf / "gone.jpg"))
    qtbot.waitUntil(lambda: len(told) == 1)
    assert told[0].startswith("This file is not there any more")
    assert "gone.jpg" in told[0]


def test_a_removed_folder_is_gone_once_that_is_confirmed(
    open_window, shelf, qtbot, monkeypatch
) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    qtbot.waitUntil(lambda: bool(window._overview.folders))
    (folder,) = window._overview.folders
    monkeypatch.setattr(questions, "may_remove", lambda *_: False)
    window.remove_folder(folder)
    monkeypatch.setattr(questions, "may_remove", lambda *_: True)
    window.remove_folder(folder)
    qtbot.waitUntil(
        lambda: (
            window.results.empty.title == "Find anything by describing it"
            and not window.results.view.hits
        ),
        timeout=PATIENCE_MS,
    )
    assert (shelf / "contract.txt").exists()


def test_indexing_pauses_and_goes_on(open_window, shelf, qtbot, make_photo) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    window.status.pause_requested.emit()
    qtbot.waitUntil(lambda: window._phase is Phase.PAUSED, timeout=PATIENCE_MS)
    make_photo(shelf / "later.jpg", seed=4)
    window.status._pause.click()
    wait_for(qtbot, window, 5)


def test_an_error_is_told_and_the_next_search_works(open_window, shelf, qtbot, tmp_path) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff")
    window.search_with_picture(tmp_path / "bad.jpg")
    qtbot.waitUntil(
        lambda: window.results.empty.title == "This file cannot be searched with",
        timeout=PATIENCE_MS,
    )
    with answering(qtbot, window, picture=None):
        window.search_bar.clear()
    assert len(names(window)) == 4


def test_a_thumbnail_that_there_could_not_be_is_tried_again(
    open_window, pictures, make_photo, qtbot
) -> None:
    make_photo(pictures / "a.png")
    window = open_window(pictures)
    wait_for(qtbot, window, 1)
    (hit,) = window.results.view.hits
    window._cache.put(hit.segment_id, 512, QImage())  # as while a drive is away
    window.results.view.set_tile_size(300)
    window.refresh()
    qtbot.waitUntil(
        lambda: not window._cache.get(hit.segment_id, 512).isNull(), timeout=PATIENCE_MS
    )


def test_results_stay_though_the_picture_that_was_asked_with_is_gone(
    open_window, shelf, real_photos, qtbot, tmp_path
) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    temporary = Path(shutil.copy(real_photos["cat"], tmp_path / "dropped.png"))
    with answering(qtbot, window, picture=temporary):
        window.search_with_picture(temporary)
    found = names(window)
    temporary.unlink()
    with answering(qtbot, window, picture=temporary):
        window.refresh()
    assert names(window) == found
    with answering(qtbot, window, text="a cat", picture=temporary):
        window.search_bar.set_text("a cat")
    assert names(window)[0] == CAT


def test_of_several_searches_the_last_is_answered(open_window, shelf, qtbot) -> None:
    window = open_window(shelf)
    wait_for(qtbot, window, 4)
    answers: list[Query] = []
    window.answered.connect(lambda result: answers.append(result.query))
    for text in ("a", "a c", "a ca", "a cat"):
        window.search_bar.set_text(text)
    qtbot.waitUntil(lambda: bool(answers) and answers[-1].text == "a cat", timeout=PATIENCE_MS)
    assert names(window)[0] == CAT


def test_more_is_listed_as_one_comes_to_the_end(open_window, pictures, qtbot, monkeypatch) -> None:
    monkeypatch.setattr(question, "FIRST_NEWEST", 40)
    monkeypatch.setattr(question, "FIRST_HITS", 40)
    for number in range(60):
        (pictures / f"{number}.txt").write_text(f"The tenant of flat {number} pays a deposit.")
    window = open_window(pictures)
    window.resize(700, 500)
    for text in ("", "type:document", "tenant"):
        ask(qtbot, window, text)
        qtbot.waitUntil(
            lambda: window._phase is Phase.IDLE and len(names(window)) == 40, timeout=PATIENCE_MS
        )
        if text == "tenant":
            assert window.results._summary.text().startswith("40+ matches")
        window.results.view.select(3)
        chosen = window.results.view.current_hit
        qtbot.keyClick(window.results.view, Qt.Key.Key_End, Qt.KeyboardModifier.ShiftModifier)
        qtbot.waitUntil(lambda: len(names(window)) == 60, timeout=PATIENCE_MS)
        assert window.results.view.selected_hits[0].content_id == chosen.content_id
        assert len(window.results.view.selected_hits) == 37
    assert window.results._summary.text().startswith("60 matches")


def test_the_window_remembers_how_it_was_left(open_window, qtbot) -> None:
    window = open_window()
    window.results._slider.setValue(300)
    window.results._order.menu().actions()[1].trigger()
    window._fold_right.click()
    window.close()
    again = open_window()
    assert again.results._slider.value() == 300
    assert again.results._order.newest_first
    assert not again.preview.isVisibleTo(again)


def test_light_and_dark_follow_the_system(open_window, qapp, monkeypatch) -> None:
    window = open_window()
    seen = []
    for scheme in (Qt.ColorScheme.Dark, Qt.ColorScheme.Light):
        # The offscreen platform has no scheme of its own to change.
        monkeypatch.setattr(theme, "is_dark", lambda s=scheme: s is Qt.ColorScheme.Dark)
        qapp.styleHints().colorSchemeChanged.emit(scheme)
        seen.append(window.grab().toImage().pixelColor(20, 300).lightness())
    assert seen[0] < 80 < seen[1]


def test_a_file_inside_another_is_opened_from_a_copy(
    open_window, pictures, make_photo, qtbot, monkeypatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(open_files, "open_file", lambda path: opened.append(path) or True)
    photo = make_photo(pictures / "kite.jpg")
    with zipfile.ZipFile(pictures / "holiday.zip", "w") as archive:
        archive.write(photo, "beach/kite.jpg")
    data = photo.read_bytes()
    photo.unlink()
    window = open_window(pictures)
    wait_for(qtbot, window, 2)
    inside = next(i for i, hit in enumerate(window.results.view.hits) if hit.member)
    window.results.view.select(inside)
    assert "kite.jpg" in window.preview._title.text().replace("\u200b", "")
    assert "holiday.zip › beach/kite.jpg" in window.preview._path.text().replace("\u200b", "")
    qtbot.keyClick(window.results.view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(opened), timeout=PATIENCE_MS)
    assert opened[0].name == "kite.jpg"
    assert opened[0].read_bytes() == data
