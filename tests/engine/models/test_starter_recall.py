"""How well the shipped model finds what it was never trained on: the figures of its card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.models.starter import starter_folder
from engine.training.data.layouts import read_captions
from engine.training.metrics import Metrics
from engine.training.publishing import figures

HALF_A_POINT = 0.5
LARGEST_TOWER_BYTES = 12_000_000
LARGEST_MODEL_BYTES = 20_000_000


@pytest.fixture(scope="module")
def card() -> dict:
    return json.loads((starter_folder() / "card.json").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.samples
def test_recall_is_what_the_card_says(starter, card: dict, flickr8k: Path) -> None:
    photos = read_captions(flickr8k / "captions.jsonl", "dev")
    found = figures.answers(photos, figures.embed(starter, photos))
    for task, by_language in found.items():
        for language, answers in by_language.items():
            measured, told = Metrics.of(answers), card["figures"][task][language]
            for name in ("recall@1", "recall@5", "recall@10"):
                assert measured[name] == pytest.approx(told[name], abs=HALF_A_POINT)
            assert measured["median_rank"] == pytest.approx(told["median_rank"], abs=1)


def test_the_model_is_as_small_as_it_must_be(card: dict) -> None:
    folder = starter_folder()
    sizes = {name: (folder / name).stat().st_size for name in card["size_bytes"]}
    assert sizes == card["size_bytes"]
    assert max(sizes["image.onnx"], sizes["text.onnx"]) <= LARGEST_TOWER_BYTES
    assert sum(path.stat().st_size for path in folder.iterdir()) <= LARGEST_MODEL_BYTES
