"""Stores the weights of an ONNX graph in fewer bits.

They are computed with in float32: nodes that unpack a weight stand between what is stored and what
uses it. onnxruntime runs those once, when it loads the graph, so that a search takes as long as
with float32. DequantizeLinear would say the same in one node, but onnxruntime keeps that one for
kernels that compute in integers, and runs it every time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

FEWEST_VALUES = 1_024
"""A weight with fewer stays float32: nothing is won."""
FEWEST_PER_SCALE = 16
"""Where fewer share a scale (depthwise kernels, weights of words), float16 is about as small."""
PER_BLOCK = 32
"""Values that share a step and a beginning in 4 bits."""
LARGEST_INT8 = 127
STEPS_INT4 = 15
LARGEST_FLOAT16 = float(np.finfo(np.float16).max)

_CLIPPED = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""Shares of a block's least and largest values that are tried as what 4 bits can say."""


class Precision(StrEnum):
    """How weights are stored; all are computed with in float32."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    """Symmetric, a scale for each output channel; in embedding tables for each row."""
    INT4 = "int4"
    """A step and a beginning for each 32 inputs of an output; convolutions, which suffer more from
    fewer bits, and what is no multiple of 32, as INT8."""


def pack(model: onnx.ModelProto, precision: Precision) -> None:
    """Stores each large weight of `model` in the bits of `precision`, and adds what unpacks it."""
    from onnx import TensorProto, numpy_helper

    kept, unpacking = [], []
    for tensor in model.graph.initializer:
        is_large = len(tensor.dims) > 1 and np.prod(tensor.dims) >= FEWEST_VALUES
        if tensor.data_type != TensorProto.FLOAT or not is_large:
            kept.append(tensor)
            continue
        stored, nodes = _packed(
            tensor.name, numpy_helper.to_array(tensor), _user(model, tensor.name), precision
        )
        kept += stored or [tensor]
        unpacking += nodes
    nodes = [*unpacking, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


_Packed = tuple[list[Any], list[Any]]
"""The tensors that a weight is stored as, and the nodes that make it of them."""


def _packed(name: str, weight: NDArray[np.float32], user: Any, precision: Precision) -> _Packed:
    axes = _summed_axes(user, weight.ndim)
    per_scale = np.prod([weight.shape[axis] for axis in axes])
    in_blocks = len(axes) == 1 and per_scale % PER_BLOCK == 0
    if precision is Precision.INT4 and in_blocks:
        return _as_int4(name, weight, axes[0])
    if precision in (Precision.INT8, Precision.INT4) and per_scale >= FEWEST_PER_SCALE:
        return _as_int8(name, weight, axes)
    if np.abs(weight).max() <= LARGEST_FLOAT16:
        return _as_float16(name, weight)
    return [], []


def _user(model: onnx.ModelProto, name: str) -> Any:
    """The node that a weight is for; none if that is part of a loop or a branch."""
    return next((node for node in model.graph.node if name in node.input), None)


def _summed_axes(user: Any, dimensions: int) -> tuple[int, ...]:
    """The axes of a weight that its operation sums over: the values that share a scale."""
    if user is None:
        return (dimensions - 1,)
    if user.op_type in ("Conv", "Gather"):  # (out, in, height, width); a table is read by rows
        return tuple(range(1, dimensions))
    if user.op_type == "Gemm":
        transposed = any(given.name == "transB" and given.i for given in user.attribute)
        return (1,) if transposed else (0,)
    return (dimensions - 2,)  # MatMul: (..., in, out)


def _as_float16(name: str, weight: NDArray[np.float32]) -> _Packed:
    from onnx import TensorProto, helper, numpy_helper

    stored = numpy_helper.from_array(weight.astype(np.float16), f"{name}.float16")
    cast = helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT)
    return [stored], [cast]


def _as_int8(name: str, weight: NDArray[np.float32], axes: tuple[int, ...]) -> _Packed:
    from onnx import TensorProto, helper, numpy_helper

    largest = np.abs(weight).max(axis=axes, keepdims=True)
    scales = (np.where(largest > 0, largest, 1) / LARGEST_INT8).astype(np.float32)
    steps = np.clip(np.rint(weight / scales), -LARGEST_INT8, LARGEST_INT8).astype(np.int8)
    stored = numpy_helper.from_array(steps, f"{name}.int8")
    scale = numpy_helper.from_array(scales, f"{name}.scales")
    cast = helper.make_node("Cast", [stored.name], [f"{name}.steps"], to=TensorProto.FLOAT)
    scaled = helper.make_node("Mul", [f"{name}.steps", scale.name], [name])
    return [stored, scale], [cast, scaled]


def _as_int4(name: str, weight: NDArray[np.float32], axis: int) -> _Packed:
    """Two values in a byte: those of the first half of all blocks beside those of the second.

    ONNX has a type of 4 bits since opset 21, which runtimes do not cast everywhere yet.
    """
    from onnx import TensorProto, helper, numpy_helper

    moved = np.moveaxis(weight, axis, -1)
    numbers, steps, beginnings = _in_blocks(moved.reshape(-1, PER_BLOCK))
    low, high = np.split(numbers.reshape(-1, 2, PER_BLOCK // 2), 2, axis=1)
    made: list[Any] = []
    nodes: list[Any] = []

    def kept(what: str, values: NDArray[Any]) -> str:
        made.append(numpy_helper.from_array(values, f"{name}.{what}"))
        return str(made[-1].name)

    def node(kind: str, inputs: list[str], what: str, **attributes: Any) -> str:
        output = f"{name}.{what}" if what else name
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    both = kept("int4", (low | high << 4)[:, 0])
    halves = [
        node("BitwiseAnd", [both, kept("low", np.array(15, np.uint8))], "first"),
        node("BitShift", [both, kept("high", np.array(4, np.uint8))], "second", direction="RIGHT"),
    ]
    unsigned = node("Concat", halves, "unsigned", axis=-1)
    number = node("Cast", [unsigned], "number", to=TensorProto.FLOAT)
    step = node("Cast", [kept("steps", steps)], "step", to=TensorProto.FLOAT)
    beginning = node("Cast", [kept("beginnings", beginnings)], "beginning", to=TensorProto.FLOAT)
    scaled = node("Add", [node("Mul", [number, step], "part"), beginning], "scaled")
    shape = kept("shape", np.array(moved.shape, np.int64))
    if axis == weight.ndim - 1:
        node("Reshape", [scaled, shape], "")
    else:
        order = list(range(weight.ndim - 1))
        order.insert(axis, weight.ndim - 1)
        node("Transpose", [node("Reshape", [scaled, shape], "moved")], "", perm=order)
    return made, nodes


def _in_blocks(
    blocks: NDArray[np.float32],
) -> tuple[NDArray[np.uint8], NDArray[np.float16], NDArray[np.float16]]:
    """(N, 32) to numbers from 0 to 15, (N, 1) steps and (N, 1) beginnings.

    A value is its number times the step, plus the beginning: of the steps and beginnings that are
    tried, those that come closest. A few clipped values may cost less than coarse steps for all
    (R. Banner et al., "Post Training 4-Bit Quantization of Convolutional Networks for
    Rapid-Deployment", NeurIPS 2019).
    """
    least, largest = blocks.min(axis=1, keepdims=True), blocks.max(axis=1, keepdims=True)
    numbers = np.zeros(blocks.shape, np.uint8)
    steps, beginnings = np.ones(least.shape, np.float16), np.zeros(least.shape, np.float16)
    lost = np.full(least.shape, np.inf, np.float32)
    for share in _CLIPPED:
        step = (share * (largest - least) / STEPS_INT4).astype(np.float16)
        step = np.where(step > 0, step, np.float16(1))
        beginning = (share * least).astype(np.float16)
        wide, begun = step.astype(np.float32), beginning.astype(np.float32)
        found = np.clip(np.rint((blocks - begun) / wide), 0, STEPS_INT4)
        tried = ((found * wide + begun - blocks) ** 2).sum(axis=1, keepdims=True)
        better = tried < lost
        numbers = np.where(better, found, numbers).astype(np.uint8)
        steps = np.where(better, step, steps)
        beginnings = np.where(better, beginning, beginnings)
        lost = np.where(better, tried, lost)
    return numbers, steps, beginnings
