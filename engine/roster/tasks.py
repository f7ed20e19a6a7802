"""Runs what takes long with models on a thread of its own, one after the other, and tells."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from engine.errors import KeepsightError, ModelError, StoppedError
from engine.model_records import Doing, ModelEvent, TaskEnded, TaskProgress

log = logging.getLogger(__name__)

TELL_EVERY_S = 0.1
"""The least time between two events of one task: bytes come in thousands of pieces."""

LEAST_S = 2.0
"""Before that, the time left is not told."""


class Task:
    """What a task's work is given: to tell how far it is, and to ask whether it shall stop."""

    def __init__(self, name: str, doing: Doing, announce: Callable[[ModelEvent], None]) -> None:
        self.progress = TaskProgress(name, doing, is_waiting=True)
        self._announce = announce
        self._cancelled = threading.Event()
        self._began: tuple[float, int] | None = None
        self._told_at = 0.0

    def cancel(self) -> None:
        """Asks it to stop."""
        self._cancelled.set()

    def is_cancelled(self) -> bool:
        """Whether it shall stop."""
        return self._cancelled.is_set()

    def on_bytes(self, done: int, total: int) -> None:
        """Tells how many bytes are done, and of how many."""
        now = time.monotonic()
        is_first = self._began is None
        if self._began is None:
            self._began = (now, done)
        since, before = self._began
        elapsed_s, gained = now - since, done - before
        timed = elapsed_s >= LEAST_S and gained > 0
        left_s = elapsed_s * (total - done) / gained if timed else None
        progress = replace(self.progress, done=done, total=total, seconds_left=left_s)
        self._tell(progress, always=is_first)

    def on_step(self, share: float, step: str) -> None:
        """Tells how much is done, from 0 to 1, and what comes next; StoppedError to stop."""
        if self.is_cancelled():
            raise StoppedError("It was stopped", "What was there before is there still.")
        percent = round(100 * share)
        self._tell(replace(self.progress, done=percent, total=100, step=step), always=True)

    def turn_to(self, doing: Doing) -> None:
        """Tells that what follows is something else."""
        name = self.progress.name
        self._began = None
        self._tell(TaskProgress(name, doing), always=True)

    def begin(self) -> None:
        """Tells that it no longer waits; StoppedError where it shall not begin at all."""
        if self.is_cancelled():
            raise StoppedError("It was stopped", "Nothing was begun.")
        self._tell(replace(self.progress, is_waiting=False), always=True)

    def _tell(self, progress: TaskProgress, *, always: bool = False) -> None:
        self.progress = progress
        now = time.monotonic()
        if always or progress.done == progress.total or now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            self._announce(progress)


class ModelTasks:
    """The tasks that run or wait, one for a model at most. Safe to use from several threads."""

    def __init__(self, announce: Callable[[ModelEvent], None]) -> None:
        self._announce = announce
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keepsight-models")

    def start(self, name: str, doing: Doing, work: Callable[[Task], object]) -> Future[TaskEnded]:
        """Does `work` when those before it are over; raises ModelError where `name` is at work.

        How it ended is an event too. What it raises is told there, and harms nothing else.
        """
        task = Task(name, doing, self._announce)
        with self._lock:
            if name in self._tasks:
                raise busy(name)
            self._tasks[name] = task
        self._announce(task.progress)
        return self._thread.submit(self._run, task, work)

    def cancel(self, name: str) -> None:
        """Asks the task of a model to stop; it then ends soon."""
        with self._lock:
            task = self._tasks.get(name)
        if task is not None:
            task.cancel()

    def running(self) -> tuple[TaskProgress, ...]:
        """How far the tasks are."""
        with self._lock:
            return tuple(task.progress for task in self._tasks.values())

    def is_busy(self, name: str) -> bool:
        """Whether a model has a task."""
        with self._lock:
            return name in self._tasks

    def close(self) -> None:
        """Stops them all, and waits until the one at work has ended."""
        with self._lock:
            for task in self._tasks.values():
                task.cancel()
        self._thread.shutdown(cancel_futures=True)

    def _run(self, task: Task, work: Callable[[Task], object]) -> TaskEnded:
        ended = TaskEnded(task.progress.name, task.progress.doing)
        try:
            task.begin()
            work(task)
        except StoppedError:
            ended = replace(ended, cancelled=True)
        except KeepsightError as error:
            ended = replace(ended, title=error.title, message=error.message)
        except Exception as error:
            log.exception("%s %s", ended.doing, ended.name)
            told = f"{type(error).__name__}: {error}. The library is as it was."
            ended = replace(ended, title="Something went wrong", message=told)
        ended = replace(ended, doing=task.progress.doing)
        with self._lock:
            del self._tasks[ended.name]
        self._announce(ended)
        return ended


def busy(name: str) -> ModelError:
    """The error where something is done with a model already."""
    return ModelError(
        "Something is done with this model already",
        f"Wait until that is over, or cancel it, before you do something else with {name}.",
    )
