"""The starter model, tiny OpenCLIP models with random weights, and pictures to show them."""

from __future__ import annotations

import copy
import importlib.util
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.models.openclip.weights import import_offline
from engine.models.starter import StarterEncoder

TINY_EDGE_PX = 64
TINY_CONTEXT = 16
TINY = {
    "embed_dim": 32,
    "vision_cfg": {
        "image_size": TINY_EDGE_PX,
        "layers": 2,
        "width": 64,
        "head_width": 32,
        "patch_size": 16,
    },
    "text_cfg": {
        "context_length": TINY_CONTEXT,
        "vocab_size": 49408,
        "width": 32,
        "heads": 2,
        "layers": 1,
    },
}

SaveModel = Callable[..., Path]


@pytest.fixture(scope="session")
def starter() -> Iterator[StarterEncoder]:
    encoder = StarterEncoder()
    yield encoder
    encoder.close()


@pytest.fixture(scope="session")
def demo_photo() -> Callable[[str], Image.Image]:
    """Opens one of scikit-image's photos."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        pytest.skip("scikit-image's photos are not installed")
    folder = Path(spec.origin).parent / "data"

    def open_photo(name: str) -> Image.Image:
        if not (folder / name).is_file():
            pytest.skip(f"scikit-image has no {name} here")
        with Image.open(folder / name) as picture:
            return picture.convert("RGB")

    return open_photo


@pytest.fixture
def noise() -> NDArray[np.uint8]:
    """Twenty pictures of noise, smooth enough to differ."""
    coarse = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), np.uint8)
    return np.repeat(np.repeat(coarse, 28, axis=1), 28, axis=2)


@pytest.fixture(scope="session")
def save_model() -> SaveModel:
    """Saves a model with random weights into `folder` as OpenCLIP does; `change` edits its layers.

    All are the same for a seed, but for what is changed.
    """

    def save(
        folder: Path, change: Callable[[dict[str, Any]], None] = lambda layers: None, seed: int = 0
    ) -> Path:
        open_clip, torch = import_offline()
        from safetensors.torch import save_file

        layers = copy.deepcopy(TINY)
        change(layers)
        pictures = {"mean": [0.5] * 3, "std": [0.25] * 3, "resize_mode": "squash"}
        described = {"model_cfg": layers, "preprocess_cfg": pictures}
        folder.mkdir(parents=True)
        (folder / "open_clip_config.json").write_text(json.dumps(described), "utf-8")
        with torch.random.fork_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has no weights yet
            torch.manual_seed(seed)
            model = open_clip.create_model(f"local-dir:{folder}")
            torch.nn.init.normal_(model.logit_scale)
        weights = {name: value.contiguous() for name, value in model.state_dict().items()}
        save_file(weights, folder / "open_clip_model.safetensors")
        return folder

    return save


@pytest.fixture(scope="session")
def tiny_folder(save_model: SaveModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny ViT's folder, not to be changed."""
    return save_model(tmp_path_factory.mktemp("openclip") / "tiny")


@pytest.fixture
def small_noise(noise: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pictures of `noise` at the tiny models' size."""
    return np.ascontiguousarray(noise[:, :TINY_EDGE_PX, :TINY_EDGE_PX])
