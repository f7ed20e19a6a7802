"""What all tests share: a home of their own, generated files, the real samples where there are."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PIL import Image

from engine import settings
from engine.library import Library
from engine.paths import Home

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of the test's own, with no pass in the background but by those who test it."""
    made = Home.at(tmp_path / "home").create()
    settings.save(made, settings.Settings(recognises_text=False, looks_closer=False))
    return made


@pytest.fixture
def library(home: Home) -> Iterator[Library]:
    with Library.open(home) as opened:
        yield opened


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """An empty folder to put files in."""
    folder = tmp_path / "Pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def embedded(home: Home) -> Callable[[], dict[str, int]]:
    """Counts the embeddings in the home's library by the name of their model."""

    def count() -> dict[str, int]:
        with closing(sqlite3.connect(home.database)) as connection:
            return dict(
                connection.execute(
                    "SELECT name, count(*) FROM embeddings JOIN models ON models.id = model_id "
                    "GROUP BY name"
                ).fetchall()
            )

    return count


@pytest.fixture(scope="session")
def flickr8k() -> Path:
    return _shared("train/flickr8k")


@pytest.fixture(scope="session")
def samples() -> Path:
    return _shared("samples")


def _shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {path.relative_to(SHARED.parent)}, which is not here")
    return path


MakePhoto = Callable[..., Path]


@pytest.fixture(scope="session")
def make_photo() -> MakePhoto:
    """Writes a photo of coloured noise in blocks: each `seed` another content."""

    def make(path: Path, seed: int = 0, size: tuple[int, int] = (96, 64), **save: object) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        blocks = rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)
        # Written beside and moved in, as a camera's importer does: never seen half-written.
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".", suffix=path.suffix, delete=False
        ) as file:
            temporary = Path(file.name)
        Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(temporary, **save)
        return temporary.replace(path)

    return make


@pytest.fixture(scope="session")
def real_photos() -> dict[str, Path]:
    """Photos that scikit-image carries, by what they show."""
    from importlib.util import find_spec

    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        pytest.skip("needs scikit-image, which carries the photos (the demo extra)")
    data = Path(spec.origin).parent / "data"
    names = {"cat": "chelsea.png", "coffee": "coffee.png", "rocket": "rocket.jpg"}
    names |= {"astronaut": "astronaut.png", "motorcycle": "motorcycle_left.png"}
    return {name: data / file for name, file in names.items()}
