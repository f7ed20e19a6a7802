"""Writes one trained tower as an ONNX graph, and checks that it computes what was trained."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.models.compiling.tracing import trace
from engine.training.publishing.packing import Precision, pack

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Exported:
    """A graph, and how far its embeddings lie from those of the module that it was made of."""

    file: Path
    size_bytes: int
    precision: Precision
    smallest_cosine: float


class Traced:
    """A module as a graph, to be written in one precision or several."""

    def __init__(self, module: torch.nn.Module, sample: torch.Tensor) -> None:
        """Traces `module`, as it evaluates, on a batch of at least two of what it takes.

        `sample` is (N, H, W, 3) uint8, or (N, L) int64. N stays free in the graph, and so do H and
        W, or L, where the module takes any. Raises ValueError for a batch of one.
        """
        if len(sample) < 2:
            raise ValueError("a batch of one would be taken for the only size there is")
        self._module = copy.deepcopy(module).cpu().eval()
        self._sample = sample.cpu()
        pictures = sample.ndim == 4
        self._model = trace(
            self._module,
            self._sample,
            name="images" if pictures else "ids",
            free_axes=range(3 if pictures else 2),
        )

    def write(self, file: Path, precision: Precision) -> Exported:
        """Writes the graph to `file`, and compares it with the module on the sample.

        Raises ValueError where the graph of a batch would be wrong for another one.
        """
        import onnx
        import torch

        model = copy.deepcopy(self._model)
        if precision is not Precision.FLOAT32:
            pack(model, precision)
        onnx.checker.check_model(model, full_check=True)
        file.write_bytes(model.SerializeToString())
        with torch.inference_mode():
            smallest = min(
                _cosines(self._module, file, some)
                for some in _sizes(model, self._module, self._sample)
            )
        return Exported(file, file.stat().st_size, precision, smallest)


def _sizes(model: Any, module: Any, sample: Any) -> Iterator[Any]:
    """The sample, its first item alone and, where both take it, a smaller one."""
    yield sample
    yield sample[:1]
    sides = model.graph.input[0].type.tensor_type.shape.dim[1 : 3 if sample.ndim == 4 else 2]
    halves = (slice(None), *[slice(None, None, 2) for _ in sides])
    smaller = sample[halves]
    if all(side.dim_param for side in sides) and _takes(module, smaller):
        yield smaller


def _takes(module: Any, sample: Any) -> bool:
    try:
        module(sample)
    except (RuntimeError, ValueError):  # a size that does not fit its weights
        return False
    return True


def _cosines(module: Any, file: Path, sample: Any) -> float:
    """The smallest cosine between what the graph and the module make of an item."""
    from engine.errors import ModelError
    from engine.models.onnx import OnnxGraph

    sample = sample.contiguous()
    expected = module(sample).numpy()
    try:
        graph = OnnxGraph(file.read_bytes(), name=file.name, threads=1)
        found = graph.run(sample.numpy())
    except ModelError:
        raise
    except Exception as error:  # onnxruntime's errors share no other class
        raise ValueError(f"the graph does not take a batch of {tuple(sample.shape)}") from error
    if found.shape != expected.shape:
        raise ValueError(f"the graph makes {found.shape} of what the module makes {expected.shape}")
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return float(((found * expected).sum(axis=1) / np.maximum(lengths, 1e-12)).min())
