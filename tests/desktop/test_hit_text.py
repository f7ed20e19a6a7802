from dataclasses import replace

import pytest

from desktop.hit_text import HitText
from engine.readings import Kind

LONG = "\n".join(f"Line {number} of the contract." for number in range(200))


@pytest.fixture
def text(qtbot) -> HitText:
    made = HitText()
    qtbot.addWidget(made)
    made.resize(300, 300)
    return made


def test_it_stays_where_one_reads_while_its_hit_is_shown_anew(text, make_hit, qtbot) -> None:
    hit = make_hit(1, kind=Kind.DOCUMENT, snippet="Line 0", has_picture=False)
    with qtbot.waitSignal(text.wanted) as wanted:
        text.show_hit(hit, ("line",))
    assert wanted.args == [1]
    assert text.toPlainText() == "Line 0", "until the rest is there"
    text.show_text(1, LONG)
    bar = text.verticalScrollBar()
    bar.setValue(100)
    with qtbot.assertNotEmitted(text.wanted):
        text.show_hit(replace(hit, score=0.7), ("line",))
    assert bar.value() == 100
    assert "Line 9 of" in text.toPlainText()
    text.show_hit(hit, ("contract",))
    assert bar.value() == 0


def test_it_begins_a_little_before_the_passage_and_marks_the_words(text, make_hit) -> None:
    hit = make_hit(1, kind=Kind.DOCUMENT, snippet="Line 150 of", has_picture=False)
    text.show_hit(hit, ("contract",))
    text.show_text(1, LONG)
    assert "Line 149" in text.toPlainText()
    assert "Line 99" not in text.toPlainText()
    assert "<span" in text.toHtml()


def test_what_comes_too_late_is_not_shown(text, make_hit) -> None:
    text.show_hit(make_hit(1, kind=Kind.DOCUMENT, has_picture=False), ())
    text.show_hit(make_hit(2, kind=Kind.DOCUMENT, has_picture=False), ())
    text.show_text(1, LONG)
    assert text.isHidden()
    text.show_text(2, LONG)
    assert not text.isHidden()
    text.show_hit(make_hit(3), ())
    assert text.isHidden()
