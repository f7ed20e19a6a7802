"""What tests of training share: one thread, and the vocabulary of a small world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from engine.training import vocabulary

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
