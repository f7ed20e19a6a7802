"""Weights in fewer bits, as onnxruntime computes with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx  # noqa: TID253 -- the format that is looked into
import pytest
import torch  # noqa: TID253 -- makes networks to export
from torch import nn  # noqa: TID253

from engine.models.onnx import OnnxGraph
from engine.training.publishing.export import Traced
from engine.training.publishing.packing import PER_BLOCK, Precision

pytestmark = pytest.mark.slow  # tracing a network takes seconds


def kinds(file: Path) -> dict[tuple[int, ...], str]:
    """What each tensor in a graph is stored as, by its shape."""
    return {
        tuple(tensor.dims): onnx.TensorProto.DataType.Name(tensor.data_type)
        for tensor in onnx.load(file).graph.initializer
    }


def test_fewer_bits_take_as_many_fewer_bytes(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Embedding(4_000, 64), nn.Flatten(), nn.LazyLinear(64))
    sample = torch.randint(0, 4_000, (2, 4))
    module(sample)
    graph = Traced(module, sample)
    sizes = [
        graph.write(tmp_path / f"{precision}.onnx", precision).size_bytes for precision in Precision
    ]
    assert [size / sizes[0] for size in sizes] == pytest.approx([1, 0.5, 0.27, 0.16], abs=0.01)


class Layers(nn.Module):
    """A convolution, a depthwise one, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3)
        self.wide = nn.Conv2d(32, 128, 1)
        self.deep = nn.Conv2d(128, 128, 3, 1, 1, groups=128)
        self.linear = nn.Linear(128, 64)
        self.odd = nn.Linear(64, 50)
        self.last = nn.Linear(50, 64)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = self.deep(self.wide(self.first(pixels.permute(0, 3, 1, 2) / 255)))
        return self.last(self.odd(self.linear(maps.mean((2, 3)))))


def test_weights_are_stored_by_what_they_are_for(tmp_path: Path) -> None:
    torch.manual_seed(0)
    graph = Traced(Layers(), torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8))
    found = {
        precision: kinds(graph.write(tmp_path / "tower.onnx", precision).file)
        for precision in (Precision.INT8, Precision.INT4)
    }
    for of_precision in found.values():
        assert of_precision[(32, 3, 3, 3)] == "FLOAT"  # too small to win anything
        assert of_precision[(128, 32, 1, 1)] == "INT8"
        assert of_precision[(128, 1, 1, 1)] == "FLOAT"  # a scale for each output channel
        assert of_precision[(128, 1, 3, 3)] == "FLOAT16"  # depthwise: too few share a scale
        assert of_precision[(128,)] == "FLOAT"
        assert of_precision[(64, 50)] == "INT8"  # no multiple of a block
    assert found[Precision.INT8][(64, 128)] == "INT8"
    blocks = 64 * 128 // PER_BLOCK
    assert found[Precision.INT4][(blocks, PER_BLOCK // 2)] == "UINT8"
    assert found[Precision.INT4][(blocks, 1)] == "FLOAT16"


def through(
    module: nn.Module, sample: torch.Tensor, file: Path, precision: Precision
) -> np.ndarray:
    Traced(module, sample).write(file, precision)
    return OnnxGraph(file.read_bytes(), name="t", threads=1).run(sample.numpy())


@pytest.mark.parametrize(("precision", "off"), [(Precision.INT8, 0.02), (Precision.INT4, 0.2)])
def test_each_row_of_a_table_keeps_its_own_scale(
    tmp_path: Path, precision: Precision, off: float
) -> None:
    torch.manual_seed(0)
    table = nn.Embedding(64, 32)
    with torch.no_grad():
        table.weight[7] *= 1e-4
    sample = torch.tensor([[7], [8]])
    found = through(nn.Sequential(table, nn.Flatten()), sample, tmp_path / "t.onnx", precision)
    exact = table.weight[7].detach().numpy()
    assert np.abs(found[0] - exact).max() < off * np.abs(exact).max()


def test_in_4_bits_each_block_of_a_row_keeps_its_own_steps(tmp_path: Path) -> None:
    """Also one of nothing, which has no largest value, and ones of the values that 4 bits say."""
    table = nn.Embedding(64, 4 * PER_BLOCK)
    said = torch.arange(PER_BLOCK) % 16 - 8.0
    with torch.no_grad():
        table.weight[7] = torch.cat([said, said * 2**-10, said * 0, said * 2**10])
    sample = torch.tensor([[7], [8]])
    module = nn.Sequential(table, nn.Flatten())
    found = through(module, sample, tmp_path / "t.onnx", Precision.INT4)
    np.testing.assert_array_equal(found[0], table.weight[7].detach().numpy())


def test_outliers_are_clipped_where_that_loses_less(tmp_path: Path) -> None:
    torch.manual_seed(0)
    table = nn.Embedding(256, PER_BLOCK)
    sample = torch.arange(256)[:, None]
    module = nn.Sequential(table, nn.Flatten())
    found = through(module, sample, tmp_path / "t.onnx", Precision.INT4)
    exact = table.weight.detach().numpy()
    least, largest = exact.min(1, keepdims=True), exact.max(1, keepdims=True)
    steps = (largest - least) / 15
    unclipped = np.rint((exact - least) / steps) * steps + least
    lost, lost_unclipped = (((made - exact) ** 2).sum(1) for made in (found, unclipped))
    assert (lost < 1.02 * lost_unclipped).all(), "float16 rounds a little"
    assert lost.sum() < 0.97 * lost_unclipped.sum()


def test_what_float16_cannot_hold_stays_as_it_is(tmp_path: Path) -> None:
    module = nn.Linear(32, 64)
    with torch.no_grad():
        module.weight[0, 0] = 1e6
    module = nn.Sequential(nn.Embedding(50, 32), nn.Flatten(), module)
    sample = torch.tensor([[7], [8]])
    exported = Traced(module, sample).write(tmp_path / "tower.onnx", Precision.FLOAT16)
    assert exported.smallest_cosine > 0.9999
