from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253 -- makes networks to export
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from engine.models.onnx import OnnxGraph
from engine.training.publishing.export import Traced
from engine.training.publishing.packing import Precision

PIECES = 600

pytestmark = pytest.mark.slow  # tracing a network takes seconds


class SmallConvolutions(nn.Module):
    """What MobileNetV2 is made of, with attention over places."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 32, 3, 2)
        self.wide = nn.Conv2d(32, 96, 1)
        self.deep = nn.Conv2d(96, 96, 3, 1, 1, groups=96)
        self.narrow = nn.Conv2d(96, 32, 1)
        self.query = nn.Linear(32, 4)
        self.value = nn.Parameter(torch.randn(4, 32, 16))
        self.linear = nn.Linear(32, 64)
        self.out = nn.Linear(64, 64)
        self.register_buffer("mean", torch.zeros(32))
        self.to(memory_format=torch.channels_last)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = (pixels.permute(0, 3, 1, 2).float() - 128) / 128
        maps = functional.relu6(self.first(functional.pad(maps, (0, 1, 0, 1))))
        maps = maps + self.narrow(functional.relu6(self.deep(functional.relu6(self.wide(maps)))))
        places = maps.flatten(2).transpose(1, 2) - self.mean
        weights = self.query(places).softmax(1)
        pooled = torch.einsum("nph,npc->nhc", weights, places)
        seen = torch.einsum("nhc,hcd->nhd", pooled, self.value).flatten(1)
        return functional.normalize(self.linear(places.mean(1)) + self.out(seen), dim=-1)


class SmallTexts(nn.Module):
    """A weighted bag of word pieces, and a transformer layer that reads them in order."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Embedding(PIECES, 32, padding_idx=0)
        self.weights = nn.Embedding(PIECES, 1)
        self.linear = nn.Linear(32, 64)
        self.mlp = nn.Sequential(nn.Linear(32, 96), nn.GELU(), nn.Linear(96, 64))
        self.places = nn.Parameter(torch.randn(64, 32))
        layer = nn.TransformerEncoderLayer(32, 4, 64, 0.1, "gelu", batch_first=True)
        self.reader = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.out = nn.Linear(32, 64)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        known = ids != 0
        vectors = self.vectors(ids)
        weights = self.weights(ids).squeeze(-1) * known
        bag = functional.normalize((vectors * weights.unsqueeze(-1)).sum(1), dim=-1)
        read = vectors + self.places[: vectors.shape[1]]
        read = self.reader(read, src_key_padding_mask=~known) * known.unsqueeze(-1)
        read = read.sum(1) / known.sum(1, keepdim=True)
        return functional.normalize(self.linear(bag) + self.mlp(bag) + self.out(read), dim=-1)


class OneSizeOnly(nn.Module):
    """A network that takes its batch for the only one there is."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        rows = [ids[row].float() for row in range(ids.shape[0])]
        return functional.normalize(torch.stack(rows), dim=-1)


def towers() -> dict[str, tuple[nn.Module, torch.Tensor]]:
    torch.manual_seed(0)
    pixels = torch.randint(0, 256, (3, 64, 48, 3), dtype=torch.uint8)
    ids = torch.randint(1, PIECES, (3, 8))
    ids[1, 5:] = 0
    return {"image": (SmallConvolutions(), pixels), "text": (SmallTexts(), ids)}


@pytest.fixture(scope="module")
def traced() -> dict[str, tuple[nn.Module, Traced]]:
    return {name: (module, Traced(module, some)) for name, (module, some) in towers().items()}


def cosines(module: nn.Module, file: Path, batch: torch.Tensor) -> np.ndarray:
    graph = OnnxGraph(file.read_bytes(), name=file.name, threads=1)
    with torch.inference_mode():
        expected = module.eval()(batch).numpy()
    return (graph.run(batch.numpy()) * expected).sum(axis=1)


@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_graph_computes_what_was_trained_on_batches_of_any_size(
    traced: dict[str, tuple[nn.Module, Traced]], tmp_path: Path, tower: str, precision: Precision
) -> None:
    module, graph = traced[tower]
    least = {
        Precision.FLOAT32: 0.99999,
        Precision.FLOAT16: 0.9999,
        Precision.INT8: 0.998,
        Precision.INT4: 0.97,
    }
    exported = graph.write(tmp_path / "tower.onnx", precision)
    assert exported.smallest_cosine > least[precision]
    others = {
        "image": [(1, 32, 32, 3), (5, 96, 64, 3)],
        "text": [(1, 1), (7, 20)],
    }
    for shape in others[tower]:
        kind = torch.uint8 if tower == "image" else torch.int64
        batch = torch.randint(1, 256, shape, dtype=kind)
        assert cosines(module, exported.file, batch).min() > least[precision]


def test_a_graph_does_not_tell_where_it_was_made(
    traced: dict[str, tuple[nn.Module, Traced]], tmp_path: Path
) -> None:
    contents = traced["text"][1].write(tmp_path / "tower.onnx", Precision.INT8).file.read_bytes()
    assert b".py" not in contents
    assert str(Path(__file__).parents[4]).encode() not in contents


def test_the_same_module_gives_the_same_bytes(
    traced: dict[str, tuple[nn.Module, Traced]], tmp_path: Path
) -> None:
    again = Traced(*towers()["text"])
    one, other = (
        graph.write(tmp_path / "tower.onnx", Precision.INT8).file.read_bytes()
        for graph in (traced["text"][1], again)
    )
    assert one == other


def test_exporting_leaves_a_module_in_training() -> None:
    module, sample = towers()["text"]
    module.train()
    Traced(module, sample)
    assert module.training and all(parameter.requires_grad for parameter in module.parameters())


def test_a_network_that_takes_one_size_of_batch_only_is_refused(tmp_path: Path) -> None:
    ids = torch.ones(3, 4, dtype=torch.int64)
    with pytest.raises(ValueError, match="batch"):
        Traced(OneSizeOnly(), ids).write(tmp_path / "tower.onnx", Precision.FLOAT32)
    with pytest.raises(ValueError, match="batch of one"):
        Traced(OneSizeOnly(), ids[:1]).write(tmp_path / "tower.onnx", Precision.FLOAT32)
