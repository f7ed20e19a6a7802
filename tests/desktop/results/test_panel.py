"""The line above the results, and what is said where there are none."""

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt

from desktop.results.panel import ResultsPanel
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.events import IndexProgress, Phase
from engine.readings import Kind, SkipReason
from engine.records import FileId, Skip
from engine.search_records import Band, Query, SearchResult


@pytest.fixture
def panel(qtbot) -> ResultsPanel:
    made = ResultsPanel(ThumbnailCache(), 180)
    qtbot.addWidget(made)
    return made


def show(panel: ResultsPanel, query: Query, hits=(), **more) -> None:
    result = SearchResult(query=query, hits=tuple(hits), seconds=0.02, **more)
    panel.show_result(result, has_folders=True, progress=Phase.IDLE)


def test_what_is_not_ranked_is_counted(panel: ResultsPanel, make_hit) -> None:
    hits = [make_hit(number, matches=()) for number in range(3)]
    show(panel, Query("ext:jpg"), hits)
    assert panel._summary.text() == "3 files, newest first"
    show(panel, Query("ext:jpg", limit=3), hits)
    assert panel._summary.text() == "3+ files, newest first", "there may be more"
    show(panel, Query("place:tokyo"), hits[:1])
    assert panel._summary.text() == "1 file", "in no order"


def test_pictures_begin_at_the_same_height_below_matches_and_lists(
    panel: ResultsPanel, make_hit
) -> None:
    panel.show()
    tops = set()
    for hit in (make_hit(1), make_hit(1, matches=())):
        show(panel, Query("a"), [hit])
        panel.layout().activate()
        tops.add(panel.view.mapTo(panel, QPoint(0, 0)).y())
    assert len(tops) == 1


def test_several_that_are_selected_are_counted(panel: ResultsPanel, make_hit, qtbot) -> None:
    hits = [make_hit(number, matches=()) for number in range(3)]
    show(panel, Query(""), hits)
    panel.view.select(0)
    assert panel._summary.text() == "3 files, newest first"
    qtbot.keyClick(panel.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert panel._summary.text() == "3 files, newest first   3 selected"
    assert panel.view.accessibleDescription() == "3 selected"
    show(panel, Query(""), hits[1:])
    assert panel._summary.text() == "2 files, newest first   2 selected", "as it is kept up to date"
    panel.view.select(0)
    assert panel._summary.text() == "2 files, newest first"
    panel.show_failure("No", "Never")
    assert not panel._summary.text()


def test_however_much_there_is_to_say_the_window_stays_as_narrow(
    panel: ResultsPanel, make_hit
) -> None:
    show(panel, Query("a"), [make_hit(1)])
    before = panel.minimumSizeHint().width()
    unknown = tuple(f"wooblefrob{number}" for number in range(40))
    show(panel, Query("a"), [make_hit(1, band=Band.WEAK)], unknown_words=unknown)
    assert panel.minimumSizeHint().width() == before < 400
    assert "wooblefrob39" in panel._summary.toolTip()
    show(panel, Query("a"), unknown_words=unknown)
    assert panel.minimumSizeHint().width() < 400


def test_what_only_looks_like_a_filter_is_told(panel: ResultsPanel, make_hit) -> None:
    told = "Not a filter, searched for as words: tags:flower"
    for query, matches in ((Query("tags:flower"), {}), (Query("-tags:flower"), {"matches": ()})):
        show(panel, query, [make_hit(1, **matches)], no_filters=("tags:flower",))
        assert panel._summary.text().endswith(told)
    show(panel, Query("tags:flower"), no_filters=("tags:flower",))
    assert "tags:flower is no filter" in panel.empty._message.text()


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        (Query('"no such words"'), "Take the quotes off"),
        (Query("ext:pdf"), "Try other words or fewer filters."),
        (Query("ext:pdf", kind=Kind.PHOTO), "or another place at the left"),
    ],
)
def test_where_nothing_is_found_the_advice_fits_the_question(
    panel: ResultsPanel, query: Query, advice: str
) -> None:
    show(panel, query)
    assert advice in panel.empty._message.text()


def progress(phase: Phase) -> IndexProgress:
    return IndexProgress(phase, done=3, total=10)


def test_while_folders_are_looked_through_nothing_is_said_to_be_missing(panel) -> None:
    show(panel, Query())
    assert panel.empty.title == "Nothing here"
    panel.show_progress(progress(Phase.IDLE))
    assert panel.empty.title == "Nothing here"
    panel.show_progress(progress(Phase.SCANNING))
    assert panel.empty.title == "Reading your files"
    panel.show_progress(progress(Phase.PAUSED))
    assert panel.empty.title == "Indexing is paused"
    panel.show_progress(progress(Phase.STOPPED))
    assert panel.empty.title == "Indexing stopped"
    show(panel, Query("kite"))
    panel.show_progress(progress(Phase.INDEXING))
    assert panel.empty.title == "Nothing found"
    panel.show_failure("No answer", "The disk is full.")
    panel.show_progress(progress(Phase.INDEXING))
    assert panel.empty.title == "No answer"


def test_a_search_is_ordered_as_one_chooses(panel: ResultsPanel, make_hit, qtbot) -> None:
    hits = [make_hit(3), make_hit(1), make_hit(2, band=Band.WEAK)]

    def listed() -> list[int]:
        return [hit.content_id for hit in panel.view.hits]

    show(panel, Query("a"), hits)
    assert listed() == [3, 1, 2]
    with qtbot.waitSignal(panel.newest_first_changed):
        panel._order.menu().actions()[1].trigger()
    assert listed() == [1, 3, 2]
    show(panel, Query("b"), hits)
    assert listed() == [1, 3, 2], "it stays so"
    assert not panel._order.isHidden()
    show(panel, Query(), [make_hit(number, matches=()) for number in (1, 2)])
    assert panel._order.isHidden(), "there is but one order"


def test_beside_an_error_is_nothing_to_arrange(panel: ResultsPanel, make_hit) -> None:
    show(panel, Query("a"), [make_hit(1)])
    assert not panel._slider.isHidden()
    panel.show_failure("No answer", "The picture cannot be read.")
    assert panel._slider.isHidden()
    assert panel._order.isHidden()


def test_the_summary_counts_and_no_more(panel: ResultsPanel, make_hit) -> None:
    show(panel, Query("a"), [make_hit(1), make_hit(2, band=Band.WEAK)])
    assert panel._summary.text() == "1 match"


def test_skipped_files_of_the_name_asked_for_are_told_and_lead_to_the_list(
    panel: ResultsPanel, make_hit, qtbot
) -> None:
    path, detail = Path("scans/locked.pdf"), "It is protected by a password."
    skip = Skip(FileId(1), path, SkipReason.ENCRYPTED, detail, 1, datetime.now())
    panel.show()
    for hits in ([make_hit(1)], []):
        show(panel, Query("locked"), hits, skipped=1, skips=(skip,))
        assert panel._skipped.text() == "1 file of this name was skipped"
        assert panel._skipped.toolTip() == f"{path}: {detail}"
        with qtbot.waitSignal(panel.skips_requested):
            panel._skipped.click()
    assert panel.empty.title == "1 file of this name was skipped"
    assert detail in panel.empty._message.text()
    show(panel, Query("scan"), [make_hit(1)], skipped=1_200, skips=(skip,) * 3)
    assert panel._skipped.text() == "1,200 files of this name were skipped"
    assert panel._skipped.toolTip().endswith("…")
    assert panel.minimumSizeHint().width() < 400
    show(panel, Query("other"), [make_hit(1)])
    assert panel._skipped.isHidden()


def test_what_is_not_found_may_still_be_read(panel) -> None:
    for phase, title in (
        (Phase.SCANNING, "Nothing found yet"),
        (Phase.INDEXING, "Nothing found yet"),
        (Phase.RECOGNISING, "Nothing found"),
        (Phase.IDLE, "Nothing found"),
    ):
        panel.show_result(SearchResult(Query("kite"), (), 0.01), has_folders=True, progress=phase)
        assert panel.empty.title == title
