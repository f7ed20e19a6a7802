import pytest

from desktop.search_bar import SearchBar
from desktop.search_help import FILTERS
from engine.search.query import parse
from engine.search_records import Query

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # the panel


@pytest.fixture
def bar(qtbot) -> SearchBar:
    bar = SearchBar()
    qtbot.addWidget(bar)
    bar.resize(800, 44)
    bar.show()
    return bar


@pytest.mark.parametrize("example", [example for example, _ in FILTERS], ids=str)
def test_every_filter_that_is_told_of_is_one(example) -> None:
    assert parse(Query(f"cat {example}")).filters != parse(Query("cat")).filters


def test_a_filter_is_added_by_a_click_and_its_value_typed_over(bar, qtbot) -> None:
    bar.set_text("flower")
    bar._ask_help.click()
    button = next(b for b in bar._help._buttons if b.text() == "after:2023")
    with qtbot.waitSignal(bar.query_changed) as told:
        button.click()
    assert bar._help.isHidden()
    assert told.args[0].text == "flower after:2023"
    with qtbot.waitSignal(bar.query_changed) as told:
        qtbot.keyClicks(bar._field, "2019")
    assert told.args[0].text == "flower after:2019"


def test_quotes_stay_around_what_is_typed_over(bar, qtbot) -> None:
    bar.add_filter(FILTERS[0][0])
    with qtbot.waitSignal(bar.query_changed) as told:
        qtbot.keyClicks(bar._field, "red kite")
    assert told.args[0].text == '"red kite"'
