"""Splits text into passages at paragraph and sentence boundaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from engine.readings import Passage

PASSAGE_CHARS = (300, 600)
"""The characters that a passage grows to at least, where it can, and has at most."""
DENSE_PASSAGE_CHARS = (200, 300)
"""The same for Chinese, Japanese and Korean, which say more in a character."""
MOST_PASSAGES = 4000
"""Of longer documents, the beginning is split and searchable."""
BETWEEN_PARTS = "\n\n"
"""Stands between the parts of a document in the text that offsets count in."""

_BLOCK_CHARS = 4096
_DENSE = re.compile("[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_WITHIN_WORDS = re.compile("[\u00ad\u2060\ufeff]")
_BREAKS = ("\n\n", "\n", "。", ". ", " ")


class Part(NamedTuple):
    """The text of one page, slide, sheet or chapter; pages count from 1."""

    text: str
    page: int | None = None
    section: str = ""


def whole_words(text: str) -> str:
    """The text without soft hyphens and joiners: nobody sees them, and each would end a word."""
    return _WITHIN_WORDS.sub("", text)


def split_parts(parts: Iterable[Part]) -> Iterator[Passage]:
    """The passages of a document, none of them in two parts, of whole words.

    Offsets count over all of it.
    """
    return islice(_of_parts(parts), MOST_PASSAGES)


def split(text: str) -> Iterator[Passage]:
    """The passages of a text, in order, each as it stands between its offsets in characters."""
    return islice(_passages(text), MOST_PASSAGES)


def _of_parts(parts: Iterable[Part]) -> Iterator[Passage]:
    before = 0
    for part in parts:
        text = whole_words(part.text)
        for passage in _passages(text):
            yield replace(
                passage,
                start=before + passage.start,
                end=before + passage.end,
                page=part.page,
                section=part.section,
            )
        before += len(text) + len(BETWEEN_PARTS)


def _passages(text: str) -> Iterator[Passage]:
    from semantic_text_splitter import TextSplitter

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
