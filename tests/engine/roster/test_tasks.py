"""Tasks with models: one after the other, each cancellable, each told of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from engine.errors import ModelError
from engine.model_records import Doing, ModelEvent, TaskEnded, TaskProgress
from engine.roster.tasks import ModelTasks, Task

PATIENCE_S = 30


@pytest.fixture
def events() -> list[ModelEvent]:
    return []


@pytest.fixture
def tasks(events: list[ModelEvent]) -> Iterator[ModelTasks]:
    running = ModelTasks(events.append)
    yield running
    running.close()


def until_cancelled(started: threading.Event) -> Callable[[Task], None]:
    def work(task: Task) -> None:
        started.set()
        assert task._cancelled.wait(PATIENCE_S)
        task.on_step(0.5, "Comparing")

    return work


def test_a_task_is_told_of_from_waiting_to_its_end(tasks, events):
    def work(task: Task) -> None:
        task.on_bytes(0, 10)
        task.on_bytes(10, 10)
        task.turn_to(Doing.MEASURING)
        task.on_step(0.5, "Comparing")

    ended = tasks.start("mine", Doing.DOWNLOADING, work).result(PATIENCE_S)
    assert ended == TaskEnded("mine", Doing.MEASURING)
    assert events == [
        TaskProgress("mine", Doing.DOWNLOADING, is_waiting=True),
        TaskProgress("mine", Doing.DOWNLOADING),
        TaskProgress("mine", Doing.DOWNLOADING, 0, 10),
        TaskProgress("mine", Doing.DOWNLOADING, 10, 10),
        TaskProgress("mine", Doing.MEASURING),
        TaskProgress("mine", Doing.MEASURING, 50, 100, "Comparing"),
        ended,
    ]
    assert tasks.running() == ()


def test_thousands_of_pieces_are_not_thousands_of_events(tasks, events):
    def work(task: Task) -> None:
        for done in range(5001):
            task.on_bytes(done, 5000)

    tasks.start("mine", Doing.DOWNLOADING, work).result(PATIENCE_S)
    told = [event for event in events if isinstance(event, TaskProgress)]
    assert len(told) < 500
    assert (told[-1].done, told[-1].total) == (5000, 5000)


def test_the_time_left_is_that_of_the_bytes_since_it_began(events, monkeypatch):
    clock = iter((100.0, 100.0, 110.0, 110.0))
    monkeypatch.setattr("engine.roster.tasks.time.monotonic", lambda: next(clock))
    task = Task("mine", Doing.DOWNLOADING, events.append)
    task.on_bytes(500, 1000)  # half of it came earlier
    assert task.progress.seconds_left is None
    task.on_bytes(600, 1000)
    assert task.progress.seconds_left == pytest.approx(40.0)


def test_one_waits_for_the_other_and_can_be_cancelled_before_it_begins(tasks):
    started = threading.Event()
    first = tasks.start("first", Doing.MEASURING, until_cancelled(started))
    assert started.wait(PATIENCE_S)
    begun = []
    second = tasks.start("second", Doing.MEASURING, begun.append)
    assert [task.is_waiting for task in tasks.running()] == [False, True]
    tasks.cancel("second")
    tasks.cancel("first")
    assert first.result(PATIENCE_S).cancelled
    assert second.result(PATIENCE_S).cancelled
    assert begun == []


def test_a_model_has_one_task_at_most(tasks):
    started = threading.Event()
    tasks.start("mine", Doing.MEASURING, until_cancelled(started))
    with pytest.raises(ModelError, match="already"):
        tasks.start("mine", Doing.EXPORTING, lambda task: None)
    tasks.cancel("mine")


@pytest.mark.parametrize(
    ("error", "title"),
    [(ModelError("The disk is full", "Make room."), "The disk is full"), (RuntimeError("?"), "?")],
)
def test_what_goes_wrong_is_told_and_the_next_one_runs(tasks, error, title, caplog):
    def work(task: Task) -> None:
        raise error

    ended = tasks.start("mine", Doing.IMPORTING, work).result(PATIENCE_S)
    assert title in f"{ended.title} {ended.message}"
    assert not ended.cancelled
    assert tasks.start("mine", Doing.IMPORTING, lambda task: None).result(PATIENCE_S).title == ""


def test_closing_stops_what_is_at_work(events):
    tasks = ModelTasks(events.append)
    started = threading.Event()
    at_work = tasks.start("first", Doing.MEASURING, until_cancelled(started))
    waiting = tasks.start("second", Doing.MEASURING, lambda task: None)
    assert started.wait(PATIENCE_S)
    tasks.close()
    assert at_work.result(0).cancelled
    assert waiting.cancelled()
