"""Writes one trained tower as an ONNX graph, with its weights in as few bits as asked for.

Weights are stored in fewer bits and computed with in float32: a Cast, and for int8 a Mul by the
scales, stand between the stored weight and what uses it. onnxruntime does both once, when it loads
the graph, so that a search takes as long as with float32. DequantizeLinear would say the same in
one node, but onnxruntime keeps that one for kernels that compute in int8, and runs it every time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.models.compiling.tracing import trace

if TYPE_CHECKING:
    import torch

FEWEST_VALUES = 1_024
"""A weight with fewer stays float32: nothing is won."""
FEWEST_PER_SCALE = 16
"""Where fewer share a scale (depthwise kernels, weights of words), float16 is about as small."""
LARGEST_INT8 = 127
LARGEST_FLOAT16 = float(np.finfo(np.float16).max)


class Precision(StrEnum):
    """How weights are stored; all are computed with in float32."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    """Symmetric, a scale for each output channel; in embedding tables for each row."""


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
            _shrink(model, precision)
        onnx.checker.check_model(model, full_check=True)
        file.write_bytes(model.SerializeToString())
        with torch.inference_mode():
            smallest = min(
                _cosines(self._module, file, some)
                for some in _sizes(model, self._module, self._sample)
            )
        return Exported(file, file.stat().st_size, precision, smallest)


def _shrink(model: Any, precision: Precision) -> None:
    """Stores each large weight in fewer bits, followed by nodes that turn it into float32 again."""
    from onnx import TensorProto, numpy_helper

    kept, unpacking = [], []
    for tensor in model.graph.initializer:
        is_large = len(tensor.dims) > 1 and np.prod(tensor.dims) >= FEWEST_VALUES
        if tensor.data_type != TensorProto.FLOAT or not is_large:
            kept.append(tensor)
            continue
        weight = numpy_helper.to_array(tensor)
        axes = _summed_axes(model, tensor.name, weight.ndim)
        per_scale = np.prod([weight.shape[axis] for axis in axes])
        if precision is Precision.INT8 and per_scale >= FEWEST_PER_SCALE:
            stored, nodes = _as_int8(tensor.name, weight, axes)
        elif np.abs(weight).max() <= LARGEST_FLOAT16:
            stored, nodes = _as_float16(tensor.name, weight)
        else:
            stored, nodes = [tensor], []
        kept += stored
        unpacking += nodes
    nodes = [*unpacking, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def _summed_axes(model: Any, name: str, dimensions: int) -> tuple[int, ...]:
    """The axes of a weight that its operation sums over: the values that share a scale."""
    node = next((node for node in model.graph.node if name in node.input), None)
    if node is None:  # used by a part of a loop or a branch
        return (dimensions - 1,)
    if node.op_type in ("Conv", "Gather"):  # (out, in, height, width); a table is read by rows
        return tuple(range(1, dimensions))
    if node.op_type == "Gemm":
        transposed = any(given.name == "transB" and given.i for given in node.attribute)
        return (1,) if transposed else (0,)
    return (dimensions - 2,)  # MatMul: (..., in, out)


def _as_float16(name: str, weight: NDArray[np.float32]) -> tuple[list[Any], list[Any]]:
    from onnx import TensorProto, helper, numpy_helper

    stored = numpy_helper.from_array(weight.astype(np.float16), f"{name}.float16")
    cast = helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT)
    return [stored], [cast]


def _as_int8(
    name: str, weight: NDArray[np.float32], axes: tuple[int, ...]
) -> tuple[list[Any], list[Any]]:
    from onnx import TensorProto, helper, numpy_helper

    largest = np.abs(weight).max(axis=axes, keepdims=True)
    scales = (np.where(largest > 0, largest, 1) / LARGEST_INT8).astype(np.float32)
    steps = np.clip(np.rint(weight / scales), -LARGEST_INT8, LARGEST_INT8).astype(np.int8)
    stored = numpy_helper.from_array(steps, f"{name}.int8")
    scale = numpy_helper.from_array(scales, f"{name}.scales")
    cast = helper.make_node("Cast", [stored.name], [f"{name}.steps"], to=TensorProto.FLOAT)
    scaled = helper.make_node("Mul", [f"{name}.steps", scale.name], [name])
    return [stored, scale], [cast, scaled]


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
