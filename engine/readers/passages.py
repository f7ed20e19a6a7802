"""Splits text into passages at paragraph and sentence boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from semantic_text_splitter import TextSplitter

from engine.records import Passage

PASSAGE_CHARS = (300, 600)
"""The characters that a passage grows to at least, where it can, and has at most."""
DENSE_PASSAGE_CHARS = (120, 250)
"""The same for Chinese, Japanese and Korean, which say more in a character."""
MOST_PASSAGES = 4000
"""Of longer documents, the beginning is split and searchable."""

_DENSE_FROM = "\u2e80"
_SAMPLE_CHARS = 4096


def split(text: str) -> list[Passage]:
    """The passages of a text, in order, each as it stands between its offsets in characters."""
    splitter = TextSplitter(DENSE_PASSAGE_CHARS if _is_dense(text) else PASSAGE_CHARS)
    return list(islice(_passages(splitter, text), MOST_PASSAGES))


def _passages(splitter: TextSplitter, text: str) -> Iterator[Passage]:
    for start, chunk in splitter.chunk_indices(text):
        if chunk.strip():
            yield Passage(chunk, start, start + len(chunk))


def _is_dense(text: str) -> bool:
    sample = text[:_SAMPLE_CHARS]
    return sum(character >= _DENSE_FROM for character in sample) > len(sample) / 4
