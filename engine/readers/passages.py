"""Splits text into passages at paragraph and sentence boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from semantic_text_splitter import TextSplitter

from engine.records import Passage

PASSAGE_CHARS = (300, 600)
"""The characters that a passage grows to at least, where it can, and has at most."""
DENSE_PASSAGE_CHARS = (200, 300)
"""The same for Chinese, Japanese and Korean, which say more in a character."""
MOST_PASSAGES = 4000
"""Of longer documents, the beginning is split and searchable."""

_BLOCK_CHARS = 4096
_DENSE = re.compile("[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_BREAKS = ("\n\n", "\n", "。", ". ", " ")


def split(text: str) -> Iterator[Passage]:
    """The passages of a text, in order, each as it stands between its offsets in characters."""
    return islice(_passages(text), MOST_PASSAGES)


def _passages(text: str) -> Iterator[Passage]:
    usual, dense = TextSplitter(PASSAGE_CHARS), TextSplitter(DENSE_PASSAGE_CHARS)
    for block_start, block in _blocks(text):
        splitter = dense if len(_DENSE.findall(block)) > len(block) / 4 else usual
        for offset, chunk in splitter.chunk_indices(block):
            if chunk.strip():
                start = block_start + offset
                yield Passage(chunk, start, start + len(chunk))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Stretches of the text that end where one may: the splitter's time grows with the square."""
    start = 0
    while start < len(text):
        end = start + _BLOCK_CHARS
        if end < len(text):
            end = _break_before(text, start + _BLOCK_CHARS // 2, end)
        yield start, text[start:end]
        start = end


def _break_before(text: str, least: int, most: int) -> int:
    for mark in _BREAKS:
        if (found := text.rfind(mark, least, most)) >= 0:
            return found + len(mark)
    return most
