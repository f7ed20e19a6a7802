"""What a library tells while it works: how far it is, that something changed or went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What the index thread is doing."""

    IDLE = "idle"
    SCANNING = "scanning"
    INDEXING = "indexing"
    PREPARING = "preparing"
    LOOKING_CLOSER = "looking closer"
    RECOGNISING = "recognising"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Something went wrong, as on a full disk: it goes on when it is resumed."""


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far indexing is, in files; `seconds_left` is None until it can be told.

    While another model is prepared, `model` is its title, and photos and passages are counted;
    while text is recognised, photos and pages are; while photos are looked at closer, these are.
    """

    phase: Phase
    done: int = 0
    total: int = 0
    skipped: int = 0
    files_per_s: float = 0.0
    seconds_left: float | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class LibraryChanged:
    """Something that a search or a listing shows has changed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something went wrong in the background that a person should know."""

    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Preparing:
    """Another model that is to take over. It waits for `out_of_reach` photos on absent drives;
    with `mixes`, it answers already for what it has.
    """

    title: str
    out_of_reach: int
    mixes: bool


Event = IndexProgress | LibraryChanged | Failure
