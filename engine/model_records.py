"""The records that tell of models: which there are, what is done with them, what suits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.events import Preparing
from engine.records import ModelCard


class Standing(StrEnum):
    """What a model is to a library."""

    IN_USE = "in use"
    PREPARING = "preparing"
    BUILT_IN = "built in"
    INSTALLED = "installed"
    DAMAGED = "damaged"
    BEGUN = "begun"
    TO_INSTALL = "to install"
    LEFT_OVER = "left over"
    """No longer here, but for what it has embedded."""


class Doing(StrEnum):
    """What is done with a model in the background."""

    DOWNLOADING = "downloading"
    IMPORTING = "importing"
    EXPORTING = "exporting"
    MEASURING = "measuring"
    DROPPING = "dropping"
    ADVISING = "advising"


@dataclass(frozen=True, slots=True)
class Figures:
    """What others measured, in per cent; None where no figure is known. `source` says where."""

    imagenet_top1: float | None
    coco_text_to_image_r1: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The embeddings of a model that is not in use, so that the way back takes no time."""

    name: str
    fingerprint: str
    segments: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model in the list. `name` is what installs, uses and removes it.

    `size_bytes` is on disk, or to download; of one that is `begun`, what has arrived. `problem`
    says what is wrong with it. `photos_per_s` was measured on this computer, 0 where it was not,
    in the form `runs_as`.
    """

    name: str
    title: str
    standing: Standing
    languages: tuple[str, ...] = ()
    licence: str = ""
    size_bytes: int = 0
    memory_bytes: int = 0
    problem: str = ""
    note: str = ""
    figures: Figures | None = None
    card: ModelCard | None = None
    """Of the model in use and the built-in one."""
    is_installed: bool = False
    """Whether it lies in the folder of installed models, whatever else it is."""
    runs_as: str = ""
    photos_per_s: float = 0.0
    kept_bytes: int = 0
    """What it has embedded, while it is not in use."""


@dataclass(frozen=True, slots=True)
class ModelsOverview:
    """All models: the one in use first, those to install in the catalog's order."""

    entries: tuple[ModelEntry, ...] = ()
    preparing: Preparing | None = None
    tasks: tuple[TaskProgress, ...] = ()


@dataclass(frozen=True, slots=True)
class Advised:
    """What speaks for a model of the catalog, or against it, on this computer.

    `index_s` is how long indexing the library's photos would take, None where nothing could be
    timed; `measured` tells whether that is from the model itself, not estimated from its work.
    """

    name: str
    suits: bool
    reasons: tuple[str, ...]
    index_s: float | None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Recommendation:
    """All models of the catalog, best first, and in a sentence or two what that is based on."""

    advised: tuple[Advised, ...]
    based_on: str


@dataclass(frozen=True, slots=True)
class Download:
    """What the installation of `name` would fetch, before any connection is open."""

    name: str
    title: str
    host: str
    repository: str
    size_bytes: int
    """0 where it is not known."""
    licence: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that left this computer: when (ISO 8601, UTC), to which host, why, what came."""

    id: str
    when: str
    host: str
    why: str
    received_bytes: int
    outcome: str


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a task is: in bytes, or in per cent while `MEASURING`; `total` 0 until it is known.

    `name` is the model's, empty while `ADVISING`. `step` says what comes next, if anything.
    """

    name: str
    doing: Doing
    done: int = 0
    total: int = 0
    step: str = ""
    seconds_left: float | None = None
    is_waiting: bool = False
    """Whether another task must end first."""


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task is over; `title` and `message` say what went wrong and what to do, if anything did."""

    name: str
    doing: Doing
    title: str = ""
    message: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ModelsChanged:
    """The list of models is another one."""


ModelEvent = TaskProgress | TaskEnded | Recommendation | ModelsChanged
