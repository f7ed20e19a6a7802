"""MobileNetV2 as it is published, quantised for phones."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253 -- what the network is made of

from engine.errors import ModelError
from engine.training.data import captioned
from engine.training.networks import mobilenet
from engine.training.networks.image_tower import Branch, ImageTower
from engine.training.publishing.export import Traced
from engine.training.publishing.packing import Precision

pytestmark = pytest.mark.usefixtures("one_thread")

SHARED = Path(__file__).resolve().parents[5] / "shared"
NAME = "mobilenet_v2_1.0_224_quant.tflite"


@pytest.fixture(scope="module")
def published() -> Path:
    folder = SHARED / "starter" / "init"
    if not (folder / NAME).is_file():
        pytest.skip("needs shared/starter/init, which is not here")
    return folder


@pytest.fixture
def branch() -> Branch:
    return Branch(8, 0.0).eval()


@pytest.mark.samples
def test_the_published_network_recognises_photos(
    published: Path, branch: Branch, real_photos: dict[str, Path]
) -> None:
    mobilenet.load(branch.trunk, branch.classifier, published / NAME)
    labels = (published / "imagenet_labels.txt").read_text(encoding="utf-8").splitlines()
    shown = {"cat": "Egyptian cat", "coffee": "espresso", "rocket": "missile"}
    shown |= {"motorcycle": "motor scooter, scooter"}
    photos = np.stack([captioned.squashed(real_photos[name], 224) for name in shown])
    with torch.inference_mode():
        logits = branch(torch.from_numpy(photos))[1]
    for found, expected in zip(logits.topk(3).indices, shown.values(), strict=True):
        assert expected in [labels[number] for number in found]


@pytest.mark.samples
def test_a_damaged_network_is_refused_or_read(
    published: Path, branch: Branch, tmp_path: Path
) -> None:
    """Whatever is cut off or overwritten, nothing but ModelError comes of it."""
    whole = (published / NAME).read_bytes()
    draws = random.Random(0)
    file = tmp_path / "damaged.tflite"
    for keep in (8, 30, 1_000, 100_000, len(whole) // 2):
        file.write_bytes(whole[:keep])
        with pytest.raises(ModelError) as caught:
            mobilenet.load(branch.trunk, branch.classifier, file)
        assert caught.value.path == file
    for _ in range(10):
        damaged = bytearray(whole)
        for _ in range(20):  # the structure lies at the end
            damaged[draws.randrange(len(damaged) - 60_000, len(damaged))] = draws.randrange(256)
        file.write_bytes(damaged)
        try:  # some damage is of weights, and not seen
            mobilenet.load(branch.trunk, branch.classifier, file)
        except ModelError as error:
            assert error.path == file


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"TFL3",
        b"nonsense" * 500,
        bytes(4_000),
        b"\x1c\x00\x00\x00TFL3" + bytes(100),
        b"\x08\x00\x00\x00\x04\x00\x04\x00\x04\x00\x00\x00" + bytes(40),  # a table of no fields
        np.random.default_rng(0).bytes(5_000),
    ],
)
def test_what_is_no_network_is_refused(branch: Branch, tmp_path: Path, contents: bytes) -> None:
    file = tmp_path / "damaged.tflite"
    file.write_bytes(contents)
    with pytest.raises(ModelError, match=r"damaged\.tflite") as caught:
        mobilenet.load(branch.trunk, branch.classifier, file)
    assert caught.value.path == file


@pytest.mark.slow  # tracing a network takes seconds
@pytest.mark.parametrize("branches", [1, 2])
def test_the_first_network_of_a_finished_image_tower_is_read(
    branch: Branch, tmp_path: Path, branches: int
) -> None:
    torch.manual_seed(0)
    tower = ImageTower(8, 0.0, branches=branches)
    tower.taught = "both" if branches == 2 else "first"
    sample = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    file = Traced(tower, sample).write(tmp_path / "image.onnx", Precision.FLOAT16).file
    mobilenet.load(branch.trunk, branch.classifier, file)
    with torch.inference_mode():
        expected = tower.branches[0].eval()(sample)[1]
        assert torch.allclose(branch(sample)[1], expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("contents", [b"", b"nonsense" * 500, bytes(4_000)])
def test_an_onnx_file_without_a_network_is_refused(
    branch: Branch, tmp_path: Path, contents: bytes
) -> None:
    file = tmp_path / "damaged.onnx"
    file.write_bytes(contents)
    with pytest.raises(ModelError, match=r"damaged\.onnx") as caught:
        mobilenet.load(branch.trunk, branch.classifier, file)
    assert caught.value.path == file


def test_a_missing_network_is_named(branch: Branch, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        mobilenet.load(branch.trunk, branch.classifier, tmp_path / "missing.tflite")
    assert caught.value.path == tmp_path / "missing.tflite"


def test_a_photo_becomes_a_map_of_a_32nd_of_its_edge() -> None:
    network = torch.nn.Sequential(*mobilenet.blocks())
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 96, 64)).shape == (2, mobilenet.CHANNELS, 3, 2)
    assert len(mobilenet.blocks()) == 19
    assert sum(each.ndim == 4 for each in network.parameters()) == 52


def test_random_weights_tell_photos_apart() -> None:
    """Through 52 layers without batch norms: what differs must not fade on its way."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(*mobilenet.blocks())
    with torch.inference_mode():
        means = network(torch.rand(16, 3, 64, 64) * 2 - 1).mean((2, 3))
    assert means.isfinite().all()
    assert means.std(0).mean() > 0.01


def test_padding_is_as_tensorflows() -> None:
    """With stride 2, an even edge is padded at its end only."""
    layer = mobilenet.Convolution((1, 1), 3, 2, linear=True)
    torch.nn.init.ones_(layer.conv.weight)
    torch.nn.init.zeros_(layer.conv.bias)
    maps = torch.arange(16.0).reshape(1, 1, 4, 4)
    first = maps[..., :3, :3].sum()
    last = maps[..., 2:, 2:].sum()
    found = layer(maps)[0, 0]
    assert found.shape == (2, 2)
    assert (found[0, 0], found[1, 1]) == (first, last)


def test_activations_end_at_six_unless_linear() -> None:
    for linear, highest in ((False, 6), (True, 60)):
        layer = mobilenet.Convolution((1, 1), 1, linear=linear)
        torch.nn.init.ones_(layer.conv.weight)
        torch.nn.init.zeros_(layer.conv.bias)
        found = layer(torch.tensor([-60.0, 60.0]).reshape(1, 1, 1, 2)).flatten()
        assert found.tolist() == [-60 if linear else 0, highest]
