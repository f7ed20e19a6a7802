"""When the library is looked at again."""

import pytest

from desktop import pace
from desktop.pace import Pace

REST_MS = 200


@pytest.fixture
def paced(qtbot, monkeypatch) -> Pace:
    monkeypatch.setattr(pace, "LEAST_REST_MS", REST_MS)
    made = Pace()
    made.due.connect(made.note_look)
    return made


def test_a_change_after_a_rest_is_looked_at_at_once(qtbot, paced: Pace) -> None:
    with qtbot.waitSignal(paced.due, timeout=0):
        paced.note_change()


def test_changes_while_it_rests_are_looked_at_once_afterwards(qtbot, paced: Pace) -> None:
    paced.note_look()
    with qtbot.assertNotEmitted(paced.due):
        paced.note_change()
        paced.note_change()
    with qtbot.waitSignal(paced.due):
        pass
    with qtbot.assertNotEmitted(paced.due, wait=2 * REST_MS):
        pass


def test_answers_do_not_put_off_the_next_look(qtbot, paced: Pace) -> None:
    paced.note_look()
    paced.note_change()
    with qtbot.waitSignal(paced.due, timeout=60 * REST_MS):
        paced.note_answer(3600.0)


def test_a_change_that_matters_is_looked_at_without_a_rest(qtbot, paced: Pace) -> None:
    paced.note_answer(3600.0)
    paced.note_look()
    paced.hurry()
    with qtbot.waitSignal(paced.due, timeout=0):
        paced.note_change()
    with qtbot.assertNotEmitted(paced.due):
        paced.note_change()
    paced.stop()


def test_a_library_that_takes_long_is_looked_at_less_often(qtbot, paced: Pace) -> None:
    paced.note_answer(3600.0)
    paced.note_look()
    with qtbot.assertNotEmitted(paced.due, wait=2 * REST_MS):
        paced.note_change()
    paced.stop()
