"""Figures of a model whose every embedding is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253 -- what embeddings are made of
from PIL import Image

from engine.errors import RecipeError
from engine.training import check
from engine.training.data.dataset import TrainingData
from engine.training.data.layouts import CaptionedPhoto
from engine.training.networks.small import LABEL_TEXT

SIZE = 12


class Known:
    """Photos are told by their grey, texts by the number in them: one axis of the space each."""

    def __init__(self) -> None:
        self.image = _Table(torch.eye(SIZE))
        self.text = _Table(torch.eye(SIZE))

    def ids(self, texts: Sequence[str]) -> list[torch.Tensor]:
        return [torch.tensor([int(text.split()[-1])]) for text in texts]


class _Table(torch.nn.Module):
    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(table)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return self.table[numbers.flatten(1)[:, 0].long()]


@pytest.fixture
def photo(tmp_path: Path):
    def made(number: int, labels: Sequence[str] = (), **captions: Sequence[str]) -> CaptionedPhoto:
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (8, 8), (number, number, number)).save(path)
        return CaptionedPhoto(
            path, {key: tuple(value) for key, value in captions.items()}, tuple(labels)
        )

    return made


def data(dev: Sequence[CaptionedPhoto], held_out: Sequence[CaptionedPhoto] = ()) -> TrainingData:
    return TrainingData((), (), tuple(dev), tuple(held_out), ())


def test_recall_is_counted_both_ways_in_each_language(photo) -> None:
    """Of 12 photos, one caption is of another photo; in Chinese there are two photos, one right."""
    dev = [photo(n, en=[f"it is {n}", f"see {n}"]) for n in range(SIZE - 2)]
    dev += [photo(10, en=["it is 10", "see 3"], zh=["这 10"]), photo(11, en=["11"], zh=["这 4"])]
    figures = check.measure(Known(), data(dev), 8, ("en", "zh", "de"))
    captions = 2 * SIZE - 1
    wrong_first = 100 * (captions - 1) / captions
    assert figures["en text to image @1"] == pytest.approx(wrong_first)
    # All photos but the right one score nothing alike, and ties never flatter.
    assert figures["en text to image @10"] == pytest.approx(wrong_first)
    assert figures["en image to text @1"] == pytest.approx(100 * (SIZE - 1) / SIZE)
    assert figures["en image to text @5"] == 100
    assert figures["zh text to image @1"] == 50
    assert figures["zh image to text @1"] == 50
    assert figures["zh image to text @5"] == 100
    assert not any(name.startswith("de") or name == "labels" for name in figures)
    assert check.dev_recall(figures, "en") == pytest.approx(wrong_first)


def test_dev_recall_is_the_mean_of_three_recalls() -> None:
    figures = {f"zh text to image @{k}": value for k, value in ((1, 10.0), (5, 20.0), (10, 60.0))}
    assert check.dev_recall(figures | {"en text to image @1": 100.0}, "zh") == 30


def test_a_label_is_right_if_it_is_one_of_the_photos(photo) -> None:
    dev = [photo(0, en=["0"])]
    held_out = [
        photo(1, ["1", "5"]),
        photo(2, ["2"]),
        photo(3, ["4"]),
        photo(6, ["2", "4"]),
    ]
    figures = check.measure(Known(), data(dev, held_out), 8, ("en",))
    assert figures["labels"] == 50
    assert LABEL_TEXT.format("5").split()[-1] == "5"


def test_of_many_held_out_photos_some_are_measured(photo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST_HELD_OUT", 3)
    held_out = [photo(n, [str(n if n % 2 else 0)]) for n in range(1, 7)]
    assert check.measure(Known(), data([photo(0, en=["0"])], held_out), 8, ("en",))["labels"] == 100


def test_measuring_leaves_no_layer_in_training_and_no_gradient(photo) -> None:
    encoder = Known()
    encoder.image.train()
    check.measure(encoder, data([photo(0, en=["0"])]), 8, ("en",))
    assert not encoder.image.training
    assert not encoder.text.training
    assert encoder.image.table.grad is None


@pytest.mark.parametrize("tower", ["image", "text"])
def test_weights_that_are_no_numbers_are_no_best_model(photo, tower: str) -> None:
    encoder = Known()
    with torch.no_grad():
        getattr(encoder, tower).table[0, 0] = np.nan
    with pytest.raises(RecipeError, match="diverged"):
        check.measure(encoder, data([photo(0, en=["0"]), photo(1, en=["1"])]), 8, ("en",))
