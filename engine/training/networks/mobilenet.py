"""MobileNetV2, its batch norms folded in, and how it starts from a file that holds one.

M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 -- a module of networks, imported only to train
from numpy.typing import NDArray
from torch.nn import functional  # noqa: TID253

from engine.errors import ModelError
from engine.paths import shown

CHANNELS = 1280
"""Of the last layer."""

EDGE_PX = 224
"""Of the pictures that its authors trained it on."""

_FIRST_CHANNELS = 32
_GROUPS = (
    # expansion, channels, blocks, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
_KEEPS_VARIANCE, _KEEPS_VARIANCE_LINEAR = 6**0.5, 3**0.5
"""Of PyTorch's initial weights, what gives those of K. He et al., "Delving Deep into Rectifiers",
ICCV 2015."""

_CONVOLUTION, _DEPTHWISE = 3, 4  # TensorFlow Lite's BuiltinOperator
_DAMAGED = (
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    struct.error,  # flatbuffers', of an offset beyond the end
)
_NUMBERS = {0: np.float32, 2: np.int32, 3: np.uint8, 9: np.int8}  # its TensorType


class Convolution(torch.nn.Module):  # type: ignore[misc]
    """A convolution with TensorFlow's "SAME" padding, and ReLU6 unless it is linear."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: int,
        stride: int = 1,
        *,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        padding = 0 if stride == 2 else kernel // 2
        self.conv = torch.nn.Conv2d(*channels, kernel, stride, padding, groups=groups)
        with torch.no_grad():  # or what 52 layers without batch norms pass on fades to nothing
            self.conv.weight.mul_(_KEEPS_VARIANCE_LINEAR if linear else _KEEPS_VARIANCE)
            self.conv.bias.zero_()
        self._pad_for_stride = stride == 2
        self._linear = linear

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        if self._pad_for_stride:  # TensorFlow pads an even size at its end only
            maps = functional.pad(maps, (0, 1, 0, 1))
        maps = self.conv(maps)
        return maps if self._linear else functional.relu6(maps)


class Block(torch.nn.Module):  # type: ignore[misc]
    """An inverted residual: expand, filter each channel, project."""

    def __init__(self, inside: int, outside: int, *, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inside * expansion
        layers = [Convolution((inside, hidden), 1)] if expansion > 1 else []
        layers += [
            Convolution((hidden, hidden), 3, stride, groups=hidden),
            Convolution((hidden, outside), 1, linear=True),
        ]
        self.layers = torch.nn.Sequential(*layers)
        self._residual = stride == 1 and inside == outside

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, C', H / stride, W / stride)."""
        return maps + self.layers(maps) if self._residual else self.layers(maps)


def blocks() -> list[torch.nn.Module]:
    """The 19 blocks, from RGB in [-1, 1] to 1,280 maps of a 32nd of the edge."""
    made: list[torch.nn.Module] = [Convolution((3, _FIRST_CHANNELS), 3, 2)]
    channels = _FIRST_CHANNELS
    for expansion, wanted, count, stride in _GROUPS:
        for index in range(count):
            made.append(
                Block(channels, wanted, stride=stride if index == 0 else 1, expansion=expansion)
            )
            channels = wanted
    return [*made, Convolution((channels, CHANNELS), 1)]


def load(trunk: torch.nn.Module, classifier: torch.nn.Linear, file: Path) -> None:
    """Fills a trunk of `blocks` and the classifier on their mean from a file.

    That is a .tflite, or the .onnx of an image tower, of whose networks it is the first. Weights of
    fewer bits become float32. Raises ModelError.
    """
    try:
        layers = [layer for layer in trunk.modules() if isinstance(layer, torch.nn.Conv2d)]
        weights = _of_onnx(file, len(layers)) if file.suffix == ".onnx" else _of_tflite(file)
        *convolutions, (class_weight, class_bias) = weights
        with torch.no_grad():
            for layer, (weight, bias) in zip(layers, convolutions, strict=True):
                layer.weight.copy_(torch.from_numpy(weight).view_as(layer.weight))
                layer.bias.copy_(torch.from_numpy(bias))
            classifier.weight.copy_(torch.from_numpy(class_weight).view_as(classifier.weight))
            classifier.bias.copy_(torch.from_numpy(class_bias))
    except _DAMAGED as error:
        raise ModelError(
            "The initial weights cannot be used",
            f"{shown(file)} does not hold a MobileNetV2 1.0 ({error}).",
            file,
        ) from error


_Layers = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""The weight (out, in, h, w) and bias of each convolution, and last the classifier's."""


def _of_onnx(file: Path, convolutions: int) -> _Layers:
    import onnx
    from onnx.reference import ReferenceEvaluator

    try:
        graph = onnx.load(file).graph
    except OSError:
        raise
    except Exception as error:  # of protobuf, which has no types
        raise ValueError(error) from error
    stored = {each.name: onnx.numpy_helper.to_array(each).copy() for each in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}

    def value(name: str) -> NDArray[np.float32]:
        """A weight as it is computed with: what is stored, or made of that by nodes."""
        if name in stored:
            return stored[name]
        node = makers[name]
        made = ReferenceEvaluator(node).run(None, {each: value(each) for each in node.input})
        return np.asarray(next(iter(made)), np.float32)

    means = {node.output[0] for node in graph.node if node.op_type == "ReduceMean"}
    classifiers = [node for node in graph.node if node.op_type == "Gemm" and node.input[0] in means]
    layers = [node for node in graph.node if node.op_type == "Conv"][:convolutions]
    weights = []
    for node in layers + classifiers[:1]:
        weight, *bias = map(value, node.input[1:])
        # One of nothing is left out by what writes graphs.
        weights.append((weight, bias[0] if bias else np.zeros(len(weight), np.float32)))
    return weights


def _of_tflite(file: Path) -> _Layers:
    import tflite

    model = tflite.Model.GetRootAsModel(file.read_bytes(), 0)
    graph = model.Subgraphs(0)
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        kind = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if kind in (_CONVOLUTION, _DEPTHWISE):
            _, weight_at, bias_at = operator.InputsAsNumpy()[:3]
            weight = _values(model, graph, weight_at)
            order = (3, 0, 1, 2) if kind == _DEPTHWISE else (0, 3, 1, 2)
            found.append((weight.transpose(order).copy(), _values(model, graph, bias_at)))
    return found


def _values(model: Any, graph: Any, index: int) -> NDArray[np.float32]:
    tensor = graph.Tensors(index)
    stored = np.frombuffer(
        model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes(), _NUMBERS[tensor.Type()]
    ).reshape(tensor.ShapeAsNumpy())
    quantised = tensor.Quantization()
    real = (stored.astype(np.float64) - quantised.ZeroPointAsNumpy()) * quantised.ScaleAsNumpy()
    return np.asarray(real, np.float32)
