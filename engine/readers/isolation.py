"""Reads files in worker processes with limits of time and memory: a bad file harms no other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TaskTimeoutError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from engine.errors import KeepsightError
from engine.readers import registry
from engine.records import PixelSpec, ReadFailure, Reading, SkipReason

TIME_LIMIT_S = 30.0
MEMORY_LIMIT_BYTES = 3 << 30
NICENESS = 10

Result = TypeVar("Result")


class ReaderPool:
    """Worker processes that read files; the futures it returns never raise for a bad file."""

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
        self._pool: ProcessPool | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._outstanding: set[Future[Any]] = set()

    def submit_read(self, path: Path, spec: PixelSpec) -> Future[Reading | ReadFailure]:
        """Reads a file."""
        return self._submit(registry.read, path, spec)

    def submit_thumbnail(self, path: Path, edge_px: int) -> Future[bytes | ReadFailure]:
        """Makes a JPEG of a photo, at most `edge_px` on its longer side."""
        return self._submit(registry.thumbnail, path, edge_px)

    def close(self) -> None:
        """Ends the workers, also those that hang; what they had in hand is cancelled."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.stop()
            pool.join()
        # The pool says nothing about tasks that it never began.
        for outcome in tuple(self._outstanding):
            outcome.cancel()

    def _submit(
        self, task: Callable[..., Result | ReadFailure], path: Path, argument: object
    ) -> Future[Result | ReadFailure]:
        outcome: Future[Result | ReadFailure] = Future()
        with self._lock:
            if self._closed:
                outcome.cancel()
                return outcome
            if self._pool is None or not self._pool.active:
                self._pool = self._started()
            self._outstanding.add(outcome)
            outcome.add_done_callback(self._outstanding.discard)
            running = self._pool.schedule(task, args=(path, argument), timeout=self._time_limit_s)
        running.add_done_callback(lambda done: self._deliver(done, outcome))
        return outcome

    def _started(self) -> ProcessPool:
        return ProcessPool(
            self._workers,
            context=multiprocessing.get_context("spawn"),
            initializer=_prepare_worker,
            initargs=(self._memory_limit_bytes,),
        )

    def _deliver(self, done: Future[Any], outcome: Future[Any]) -> None:
        if done.cancelled() or self._closed:
            outcome.cancel()
            return
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(done.result())
        except TaskTimeoutError:
            outcome.set_result(
                ReadFailure(
                    SkipReason.TIMED_OUT,
                    f"Reading took longer than {self._time_limit_s:.0f} seconds. "
                    "The file may be damaged.",
                )
            )
        except MemoryError:
            outcome.set_result(
                ReadFailure(
                    SkipReason.OUT_OF_MEMORY,
                    "Reading the file takes more memory than Keepsight allows for one file.",
                )
            )
        except BrokenProcessPool as error:
            # The workers never came up: that is no file's fault, and none is skipped for it.
            outcome.set_exception(
                KeepsightError(
                    "Files cannot be read",
                    f"The programs that read files do not start ({error}). Reinstall Keepsight, "
                    "or restart the computer if memory is short. No file is lost.",
                )
            )
        except (ProcessExpired, CancelledError):
            outcome.set_result(
                ReadFailure(
                    SkipReason.CRASHED,
                    "The program that reads such files ended unexpectedly. The file may be "
                    "damaged.",
                )
            )
        except Exception as error:  # noqa: BLE001 - a reader's bug must not stop the indexing
            outcome.set_result(
                ReadFailure(SkipReason.CRASHED, f"Reading failed: {type(error).__name__}: {error}")
            )


def _prepare_worker(memory_limit_bytes: int) -> None:
    """Lowers the worker's priority and limits its memory, where the platform can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders written in C complain there about damaged files, whose reasons are recorded anyway.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.__stderr__.fileno() if sys.__stderr__ else 2)
    os.close(silence)
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # macOS accepts the limit and does not enforce it; there the time limit alone protects.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_limit_bytes, memory_limit_bytes))
