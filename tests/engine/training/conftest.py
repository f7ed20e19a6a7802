"""What tests of training share: one thread, and the vocabulary of a small world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine.training.data import dataset
from engine.training.data.dataset import TrainingData
from engine.training.networks import vocabulary
from engine.training.recipe import Recipe
from tests.engine.training.made_data import (
    PHOTOS,
    made_recipe,
    source,
    write_archive,
    write_lines,
)

WORDS = (
    *("a", "an", "the", "on", "in", "of", "there", "is", "photo", "picture", "left", "right"),
    *("red", "green", "blue", "yellow", "circle", "square", "triangle", "cross"),
    *("white", "black", "grey", "background", "wall"),
)
CHINESE = (
    *("白色背景上左边有一个红色的圆形", "黑色背景上右边有一个绿色的方形"),
    *("灰色背景上左边有一个蓝色的三角形", "白色背景上右边有一个黄色的十字形"),
)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Computes on one thread, where sums are added up in one order, and leaves what was set."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tokenizer() -> bytes:
    """A vocabulary of shapes, colours and places in English and Chinese."""
    pieces = ["[PAD]", "[UNK]", *WORDS]
    base = Tokenizer(
        WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]")
    )
    base.normalizer = BertNormalizer(lowercase=True)
    base.pre_tokenizer = BertPreTokenizer()
    return vocabulary.build(base.to_str().encode(), CHINESE, ())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, make_photo) -> Path:
    """Captioned photos with a split, an archive of labelled ones, and texts."""
    folder = tmp_path_factory.mktemp("data")
    rows: list[dict[str, Any]] = []
    for number in range(PHOTOS + 2):
        path = make_photo(folder / f"{number}.png", number, (16, 12))
        row = {"file": path.name, "split": "train" if number < PHOTOS else "dev"}
        row |= {"en": [f"photo {number}", f"picture {number}", f"the {number}th"][: number % 3 + 1]}
        rows.append(row | ({"zh": [f"照片{number}"]} if number % 2 else {}))
    write_lines(folder / "captions.jsonl", rows)
    labelled = {
        f"{number}.png": make_photo(folder / "own" / f"{number}.png", 50 + number).read_bytes()
        for number in range(10)
    }
    write_archive(
        folder / "labelled.tar",
        [{"file": name, "labels": [f"label {int(name[0]) % 3}"]} for name in labelled],
        labelled,
    )
    write_lines(folder / "texts.jsonl", [{"text": f"text {number}"} for number in range(40)])
    return folder


@pytest.fixture(scope="module")
def learnt(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, TrainingData]:
    recipe = made_recipe(
        labelled=(source("labelled.tar", held_out_every=5),),
        texts=(source("texts.jsonl", held_out_every=4),),
    )
    return recipe, dataset.load(recipe, root, tmp_path_factory.mktemp("unpacked"))
