"""What tests of training share: one thread, and the vocabulary of a small world."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

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
    base = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {piece: number for number, piece in enumerate(pieces)},
        },
    }
    return vocabulary.build(json.dumps(base).encode(), CHINESE, ())
