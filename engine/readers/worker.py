"""What a worker process does: it reads the files it is handed, within its limits."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from multiprocessing.connection import Connection

from engine.paths import shown
from engine.readers import registry
from engine.readings import ReadFailure, SkipReason

NICENESS = 10


def work(pipe: Connection, memory_limit_bytes: int, scratch: str) -> None:
    """Says that it is ready, then does one task after the other until the pipe is closed.

    Temporary files go into the folder `scratch`, which whoever started the worker deletes.
    """
    prepare(memory_limit_bytes, scratch)
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            task, arguments = pipe.recv()
            try:
                pipe.send(task(*arguments))
            except MemoryError as error:
                pipe.send(registry.failure_of(error))
            # A reader's bug must not stop the indexing.
            except Exception as error:  # noqa: BLE001
                pipe.send(
                    ReadFailure(
                        SkipReason.CRASHED,
                        f"Reading failed ({shown(f'{type(error).__name__}: {error}')}). "
                        "Please report it.",
                    )
                )


def prepare(memory_limit_bytes: int, scratch: str) -> None:
    """Lowers the worker's priority and limits its memory, where the platform can.

    Linux enforces the limit; macOS accepts it and does not; Windows has none. There the time
    limit alone protects.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(scratch,), daemon=True).start()
    tempfile.tempdir = scratch
    _silence_decoders()
    registry.import_decoders()
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (memory_limit_bytes, memory_limit_bytes))


def _end_with_parent(scratch: str) -> None:
    """Ends this worker with the process that started it, even while it reads."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(1)


def _silence_decoders() -> None:
    """Decoders written in C complain on stderr of damaged files, whose reasons are recorded."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.__stderr__.fileno() if sys.__stderr__ else 2)
    os.close(silence)
