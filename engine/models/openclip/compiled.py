"""Reads how a model runs fastest on this computer, and runs the graphs that were made for that.

A model's folder holds them in `compiled/`, with the measurement in `plan.json`. It can be deleted
at any time: the model then runs in torch.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.onnx import OnnxGraph, default_threads
from engine.models.openclip.card import hash_file, hash_folder
from engine.models.openclip.devices import machine

logger = logging.getLogger(__name__)

COMPILED = "compiled"
PLAN = "plan.json"
FORMAT = 1
"""Of the plan; one of another format is made anew."""


class Form(StrEnum):
    """A way to run a model."""

    TORCH = "torch"
    TORCH_COMPILED = "torch.compile"
    FLOAT32 = "onnxruntime float32"
    INT8 = "onnxruntime int8"

    @property
    def graphs(self) -> tuple[str, ...]:
        """The files that it runs: the image tower's and the text tower's."""
        kind = {Form.FLOAT32: "float32", Form.INT8: "int8"}.get(self)
        return (f"image.{kind}.onnx", f"text.{kind}.onnx") if kind else ()


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a form is, and how far its vectors are from torch's in float32 at worst.

    `refused` says why it cannot be used, if it cannot.
    """

    form: Form
    photos_per_s: float = 0.0
    query_ms: float = 0.0
    image_cosine: float = 0.0
    text_cosine: float = 0.0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The form to run a model in, and what that was chosen by.

    `identity` is `hash_folder` of the model, `machine` what the measurement holds for, `pictures`
    OpenCLIP's description of their preprocessing, `files` the SHA-256 of each file of the form.
    """

    form: Form
    device: str
    measured: tuple[Measured, ...]
    identity: str
    machine: dict[str, str]
    dimension: int
    pictures: dict[str, Any]
    files: dict[str, str]

    @property
    def graphs_hash(self) -> str:
        """Names the graphs that make the vectors."""
        return " ".join(f"{name}={value}" for name, value in sorted(self.files.items()))


class OnnxTowers:
    """The two graphs of a form. Safe to call from several threads."""

    def __init__(self, folder: Path, form: Form, *, threads: int | None = None) -> None:
        """Loads the graphs in `folder`. Raises ModelError."""
        threads = threads or default_threads()
        self._image, self._text = (
            OnnxGraph(folder / name, name=name, threads=threads) for name in form.graphs
        )
        # In int8, one at a time: the scale of the activations is that of the whole batch, so that
        # a picture's vector would depend on its neighbours (cosine 0.9998). It costs a tenth.
        self._at_once = 1 if form is Form.INT8 else 4

    def images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, N > 0, to (N, D) float32, L2-normalised."""
        return self._run(self._image, pixels)

    def texts(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, context) int64, N > 0, to (N, D) float32, L2-normalised."""
        return self._run(self._text, ids)

    def close(self) -> None:
        """Frees the memory; no call may follow."""
        del self._image, self._text

    def _run(self, graph: OnnxGraph, items: NDArray[Any]) -> NDArray[np.float32]:
        starts = range(0, len(items), self._at_once)
        batches = (items[start : start + self._at_once] for start in starts)
        return np.concatenate([graph.run(self._cut(graph, batch)) for batch in batches])

    def _cut(self, graph: OnnxGraph, batch: NDArray[Any]) -> NDArray[Any]:
        """Leaves out what fills texts up behind their end, the largest id, where that is free.

        A query has a tenth of the context's ids.
        """
        if graph is self._text and 1 in graph.free_axes:
            batch = batch[:, : batch.argmax(axis=1).max() + 1]
        return np.ascontiguousarray(batch)


def usable_plan(folder: Path, device: str) -> Plan | None:
    """The plan of the model in `folder`, if it can be followed on `device` ("cpu", "cuda", "mps").

    A plan of other weights, or with damaged files, is not followed, nor one that was measured with
    other versions or on another machine: torch then makes the same vectors. Only the vectors of
    int8 are its own. Its graphs go on being run, as they make what is stored, whatever is faster.
    """
    plan = _read(folder)
    if plan is None:
        return None
    trouble = _damage(folder, plan)
    if trouble:
        logger.warning("%s: its plan is not used (%s)", folder.name, trouble)
        return None
    changed = _changed(plan, device)
    if changed:
        logger.warning("%s: its speed was measured otherwise (%s)", folder.name, changed)
        return plan if plan.form is Form.INT8 else None
    return plan


def read_plan(folder: Path) -> Plan:
    """The plan in a model's `folder`, unchecked. Raises ModelError where there is none."""
    path = folder / COMPILED / PLAN
    try:
        read = json.loads(path.read_bytes())
        if read.pop("format") != FORMAT:
            raise ValueError("it is of another version")
        measured = tuple(_measured(each) for each in read.pop("measured"))
        plan = Plan(form=Form(read.pop("form")), measured=measured, **read)
        if set(plan.files) != set(plan.form.graphs):
            raise ValueError("it names other files")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            "The model was not prepared for this computer",
            f"{path} cannot be used ({type(error).__name__}: {error}). Install the model again, "
            "or go on: it runs, perhaps slower.",
            path,
        ) from error
    return plan


def write_plan(plan: Plan, file: Path) -> None:
    """Writes what `read_plan` reads."""
    file.write_text(json.dumps({"format": FORMAT, **asdict(plan)}, indent=2) + "\n", "utf-8")


def graph_hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of files in `folder`, with that of the weights beside a graph, if it has any."""
    hashes = {}
    for name in names:
        hashes[name] = hash_file(folder / name)
        weights = folder / f"{name}.data"
        if weights.is_file():
            hashes[name] += f" {hash_file(weights)}"
    return hashes


def _read(folder: Path) -> Plan | None:
    if not (folder / COMPILED).exists():
        return None
    try:
        return read_plan(folder)
    except ModelError as error:
        logger.warning("%s: %s", folder.name, error)
        return None


def _measured(read: dict[str, Any]) -> Measured:
    return Measured(**{**read, "form": Form(read["form"])})


def _damage(folder: Path, plan: Plan) -> str:
    if plan.identity != hash_folder(folder):
        return "it was made of other weights"
    try:
        found = graph_hashes(folder / COMPILED, plan.files)
    except OSError as error:
        return f"{error}"
    return "" if found == plan.files else "its graphs have changed"


def _changed(plan: Plan, device: str) -> str:
    if plan.device != device:
        return f"on {plan.device}, and this is {device}"
    now = machine()
    changed = [
        f"{key} was {plan.machine.get(key)}, is {value}"
        for key, value in now.items()
        if plan.machine.get(key) != value
    ]
    return ", ".join(changed)
