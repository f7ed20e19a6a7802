"""What finished models make of photos and captions, and that it is asked once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import ModelError
from engine.models.starter import StarterEncoder, starter_folder
from engine.training import ensemble
from engine.training.data import captioned
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.data.layouts import CaptionedPhoto
from engine.training.recipe import Origin

SHIPPED = Origin(starter_folder().name, "the starter model", "Apache-2.0", "photos")


@pytest.fixture
def learnt(tmp_path: Path) -> tuple[TrainingData, CaptionTable]:
    """Two photos with captions in English and Chinese, and one with a label."""
    photos = []
    for name in ("red", "green", "blue"):
        Image.new("RGB", (40, 30), name).save(tmp_path / f"{name}.png")
        captions = {"en": (f"a {name} wall", f"{name} paint"), "zh": ("墙",)}
        photos.append(CaptionedPhoto(tmp_path / f"{name}.png", captions))
    data = TrainingData(tuple(photos[:2]), tuple(photos[2:]), (), (), ())
    return data, CaptionTable(data.captioned, ("en", "zh"))


def test_each_model_sees_photos_whole_and_reads_captions(
    tmp_path: Path, learnt: tuple[TrainingData, CaptionTable]
) -> None:
    (view,) = ensemble.views([SHIPPED], starter_folder().parent, tmp_path, learnt)
    encoder = StarterEncoder()
    seen = [captioned.pixels(tmp_path / f"{name}.png", encoder.card.pixels) for name in ("red",)]
    texts = encoder.encode_texts(["a red wall", "red paint"])
    assert view.captioned.shape == (2, encoder.card.dimension)
    assert view.labelled.shape == (1, encoder.card.dimension)
    np.testing.assert_allclose(view.captioned[:1], encoder.encode_images(np.stack(seen)), atol=2e-3)
    np.testing.assert_allclose(view.captions[:2], texts, atol=2e-3)
    mean = texts.mean(0) / np.linalg.norm(texts.mean(0))
    np.testing.assert_allclose(view.captions[2], mean, atol=2e-3)


def test_photos_are_looked_at_once(
    tmp_path: Path, learnt: tuple[TrainingData, CaptionTable]
) -> None:
    told: list[tuple[str, int, int]] = []
    for _ in range(2):
        views = ensemble.views(
            [SHIPPED],
            starter_folder().parent,
            tmp_path,
            learnt,
            lambda *how_far: told.append(how_far),
        )
        assert len(views) == 1
    assert told == [("Asking the starter model", 3, 3)]


def test_a_model_that_is_not_there_is_named(
    tmp_path: Path, learnt: tuple[TrainingData, CaptionTable]
) -> None:
    with pytest.raises(ModelError, match=r"card\.json"):
        ensemble.views([SHIPPED], tmp_path, tmp_path, learnt)
