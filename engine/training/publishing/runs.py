"""The record of every training run, the failed ones too: a JSON line each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from engine.errors import RecipeError
from engine.paths import shown

FINISHED = "finished"
STOPPED_EARLY = "stopped early"


class RunRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """What was tried, how long it took and what came of it."""

    name: str
    what: str
    """One sentence: what this run was to find out."""
    when: str
    """The date it began, as in ISO 8601."""
    seed: int
    seconds: float
    machine: str
    """The cores or the GPU that it ran on."""
    steps: int
    photos_seen: int
    """How many photos it was shown, each as often as it was."""
    ended: str = FINISHED
    """FINISHED, STOPPED_EARLY or `failed(reason)`."""
    dev: dict[str, float] = {}
    """Figures on the dev split by name, such as `recall@10`, in per cent; empty where it failed."""
    recipe: dict[str, Any] = {}


def failed(reason: str) -> str:
    """How a run ended that failed."""
    return f"failed: {reason}"


def append(file: Path, record: RunRecord) -> None:
    """Adds a record to `file`, which is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab+") as opened:
        line = msgspec.json.encode(record) + b"\n"
        # A line that was cut off when a machine stopped must not swallow this one.
        if opened.seek(0, os.SEEK_END) and not _ends_a_line(opened):
            line = b"\n" + line
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())


def read(file: Path) -> tuple[RunRecord, ...]:
    """The records of `file` in order; none where there is no file.

    Raises RecipeError, naming the line, where one cannot be read.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(msgspec.json.decode(line, type=RunRecord))
        except msgspec.MsgspecError as error:
            raise RecipeError(
                "The list of runs cannot be read",
                f"{shown(file)}, line {number}: {error}. Correct the line, or take it out.",
                file,
            ) from error
    return tuple(records)


def _ends_a_line(opened: Any) -> bool:
    opened.seek(-1, os.SEEK_END)
    return bool(opened.read(1) == b"\n")
