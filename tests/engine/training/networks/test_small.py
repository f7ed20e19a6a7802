"""What the small dual encoder begins from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch  # noqa: TID253 -- what the towers are made of
from numpy.typing import NDArray

from engine.training.networks.small import Beginnings, SmallEncoder, initialise
from engine.training.recipe import Origin, Towers

pytestmark = pytest.mark.usefixtures("one_thread")

DIMENSION = 8


def taught(texts: Sequence[str]) -> NDArray[Any]:
    """A sentence teacher: unit vectors, equal for equal texts."""
    seeds = [sum(text.encode()) for text in texts]
    rows = np.stack([np.random.default_rng(seed).normal(size=DIMENSION) for seed in seeds])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("glosses", [{}, {"圆": "circle", "左": "left"}], ids=["none", "some"])
def test_chinese_begins_as_something_that_can_be_learnt(
    tokenizer: bytes, glosses: dict[str, str]
) -> None:
    teacher = Origin("teacher", "a teacher", "none", "nothing")
    towers = Towers(dimension=DIMENSION, width=DIMENSION, text=teacher)
    encoder = SmallEncoder(towers, tokenizer)
    photos = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    initialise(encoder, towers, Path(), Beginnings(photos, taught, taught, glosses))
    ids = encoder.ids(["左边有一个圆形", "右边", "a red circle"])
    embedded = encoder.text(torch.nn.utils.rnn.pad_sequence(ids, batch_first=True))
    assert torch.allclose(embedded.norm(dim=-1), torch.ones(3), atol=1e-5)
    embedded.sum().backward()
    gradient = encoder.text.vectors.weight.grad
    assert gradient is not None
    assert 0 < gradient.norm() < 100
    if not glosses:
        assert embedded[0] @ embedded[1] < 0.99
