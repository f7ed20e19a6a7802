"""The starter model, loaded once, and real photos to show it."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.models.starter import StarterEncoder


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
    return np.repeat(np.repeat(coarse, 30, axis=1), 30, axis=2)
