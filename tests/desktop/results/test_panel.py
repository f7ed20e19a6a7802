"""The line above the results, and what is said where there are none."""

import pytest
from PySide6.QtWidgets import QApplication

from desktop import app as application
from desktop.results.panel import ResultsPanel
from desktop.results.thumbnail_cache import ThumbnailCache
from engine.readings import Kind
from engine.records import Band, Phase, Query, SearchResult


@pytest.fixture
def panel(qtbot, qapp: QApplication) -> ResultsPanel:
    application.dress(qapp)
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
    told = "No filter, searched for as words: tags:flower"
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
