"""Reads files in worker processes with limits of time and memory: a bad file harms no other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from engine.errors import KeepsightError
from engine.readers import registry, worker
from engine.readings import WHOLE, Passage, PixelSpec, ReadFailure, Reading, SkipReason, Spot
from engine.records import Stamp

TIME_LIMIT_S = 30.0
RECOGNITION_LIMIT_S = 120.0
"""For the text of one picture, on a slow computer."""
MEMORY_LIMIT_BYTES = 3 << 30
START_LIMIT_S = 60.0
MOST_STARTS = 3
"""How many workers are started in vain before reading is given up."""
END_LIMIT_S = 5.0

Result = TypeVar("Result")


def reader_workers() -> int:
    """How many processes read files: half the cores, since encoding takes the rest; at most 4."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    task: Callable[..., Any]
    arguments: tuple[object, ...]
    outcome: Future[Any]


class ReaderPool:
    """Worker processes that read files; the futures it returns never raise for a bad file.

    They raise KeepsightError when no worker can be started at all, for which no file is to blame,
    and are cancelled when the pool is closed first.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self._workers = workers
        self._time_limit_s = time_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False
        # Closing one end wakes all that wait at the other.
        self._closing, self._open = multiprocessing.Pipe(duplex=False)

    def submit_read(
        self, path: Path, spec: PixelSpec, stamp: Stamp | None = None, member: str = ""
    ) -> Future[Reading | ReadFailure]:
        """Reads a file, or one inside it, if it still has this stamp where one is given."""
        return self._submit(registry.read, path, spec, stamp, member)

    def submit_thumbnail(
        self, path: Path, edge_px: int, spot: Spot = WHOLE, member: str = ""
    ) -> Future[bytes | ReadFailure]:
        """Makes a JPEG of a picture of a file, at most `edge_px` on its longer side."""
        return self._submit(registry.thumbnail, path, edge_px, spot, member)

    def submit_unpack(self, path: Path, member: str) -> Future[bytes | ReadFailure]:
        """Takes a file out of the one that it is inside."""
        return self._submit(registry.unpack, path, member)

    def submit_recognise(
        self, path: Path, stamp: Stamp, spot: Spot = WHOLE, member: str = ""
    ) -> Future[tuple[Passage, ...] | ReadFailure]:
        """Reads the text in a picture of a file, if it still has this stamp."""
        return self._submit(registry.recognise, path, stamp, spot, member)

    def close(self) -> None:
        """Ends the workers, also those that hang; what they had in hand is cancelled."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._open.close()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
        self._closing.close()

    def _submit(
        self, task: Callable[..., Result | ReadFailure], *arguments: object
    ) -> Future[Result | ReadFailure]:
        outcome: Future[Result | ReadFailure] = Future()
        with self._lock:
            if self._closed:
                _cancel(outcome)
                return outcome
            self._jobs.put(_Job(task, arguments, outcome))
            if len(self._threads) < self._workers:
                thread = threading.Thread(target=self._serve, name="keepsight-reader", daemon=True)
                self._threads.append(thread)
                thread.start()
        return outcome

    def _serve(self) -> None:
        """Hands jobs, one after the other, to a worker that no other thread knows."""
        reader = _Worker(self._time_limit_s, self._memory_limit_bytes, self._closing)
        while (job := self._jobs.get()) is not None:
            if self._closed or job.outcome.cancelled():
                _cancel(job.outcome)
            else:
                _settle(job, reader)
        reader.end()


class _Worker:
    """One worker process, started when it is needed and again after it has ended."""

    def __init__(self, time_limit_s: float, memory_limit_bytes: int, closing: Connection) -> None:
        self._time_limit_s = time_limit_s
        self._memory_limit_bytes = memory_limit_bytes
        self._closing = closing
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._scratch: TemporaryDirectory[str] | None = None

    def done(self, job: _Job) -> object:
        """What the task returns, or a ReadFailure.

        Raises KeepsightError where no worker starts and CancelledError where the pool is closed.
        """
        pipe = self._handed(job)
        try:
            return self._received(pipe, self._time_limit_s)
        except TimeoutError:
            self.end()
            return ReadFailure(
                SkipReason.TIMED_OUT,
                f"Reading took longer than {self._time_limit_s:.0f} seconds. The file may be "
                "damaged: replace it by a good copy, or retry when the computer is less busy.",
            )
        except (EOFError, OSError):
            self.end()
            return ReadFailure(
                SkipReason.CRASHED,
                "The program that reads such files ended unexpectedly. The file may be damaged: "
                "replace it by a good copy, then retry.",
            )

    def end(self) -> None:
        """Ends the process, whatever it is doing, and deletes what it has unpacked."""
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join(END_LIMIT_S)
        if self._scratch is not None:
            self._scratch.cleanup()
        self._process = self._pipe = self._scratch = None

    def _handed(self, job: _Job) -> Connection:
        """The pipe to a worker that has been given the job: a fresh one, if the last has ended."""
        for _ in range(MOST_STARTS):
            try:
                # One that has ended since its last file has closed its end.
                if self._pipe is None or self._pipe.poll():
                    self._start()
                assert self._pipe is not None
                self._pipe.send((job.task, job.arguments))
                return self._pipe
            except (EOFError, OSError):
                self.end()
        raise KeepsightError(
            "Files cannot be read",
            "The programs that read files do not start. Reinstall Keepsight, or restart the "
            "computer if memory is short. No file is lost.",
        )

    def _start(self) -> None:
        self.end()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._scratch = TemporaryDirectory(prefix="keepsight-", ignore_cleanup_errors=True)
        with contextlib.closing(theirs):
            process = context.Process(
                target=worker.work,
                args=(theirs, self._memory_limit_bytes, self._scratch.name),
                daemon=True,
            )
            process.start()
        self._process = process
        # It says so when it is ready: only then does a file's time run.
        self._received(self._pipe, START_LIMIT_S)

    def _received(self, pipe: Connection, limit_s: float) -> object:
        ready = wait([pipe, self._closing], limit_s)
        if self._closing in ready:
            raise CancelledError
        if not ready:
            raise TimeoutError
        received: object = pipe.recv()
        return received


def _settle(job: _Job, reader: _Worker) -> None:
    """Gives the job its outcome; whoever asked may have cancelled it meanwhile."""
    try:
        result = reader.done(job)
    except CancelledError:
        _cancel(job.outcome)
    # Whoever waits for the file must hear of everything, of bugs too.
    except Exception as error:  # noqa: BLE001
        if job.outcome.set_running_or_notify_cancel():
            job.outcome.set_exception(error)
    else:
        if job.outcome.set_running_or_notify_cancel():
            job.outcome.set_result(result)


def _cancel(outcome: Future[Any]) -> None:
    outcome.cancel()
    outcome.set_running_or_notify_cancel()
