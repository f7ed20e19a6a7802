"""Reads prose out of documents: passages of varied length, and single sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from engine.readers import registry
from engine.readings import Kind, PixelSpec, ReadFailure
from engine.training.data.corpora.sentence import Sentence, tidied, words

PASSAGES_PER_GROUP = 32
"""Of longer documents, so many passages on end are held out together."""

_TURNS = (1, 1, 2, 1, 0)
"""Passages that are joined into one text, by turns; 0 takes one apart into its sentences."""
_SIZES = range(25, 251)
_SENTENCE_SIZES = range(6, 41)
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')”’]*\s+(?=[\"'(“‘]?[A-Z])")
_FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the of and to in a is that for it as was with be by on not this are or at from which but "
        "have an had they you were their one all we can has if will would there when",
    )
)
_FEWEST_FUNCTION_WORDS = 0.25
_FEWEST_LETTERS = 0.9


def read(path: Path) -> Iterator[Sentence]:
    """The English prose in the document, or in the documents in the folder, `path`.

    Code, tables, lists of links and other languages are left out. Documents that cannot be read
    are, too.
    """
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    for file in files:
        if file.is_file() and registry.kind_of(file) is Kind.DOCUMENT:
            name = file.relative_to(path.parent)
            for number, passages in enumerate(_grouped(_passages(file))):
                yield from _varied(passages, f"{name}#{number}")


def sentences(text: str) -> list[str]:
    """The sentences of an English text, each with the mark at its end."""
    return [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence]


def is_prose(text: str) -> bool:
    """Whether this is English prose: it has function words, and is letters for the most part."""
    written = "".join(text.split())
    found = [word.lower() for word in words(text)]
    known = sum(word in _FUNCTION_WORDS for word in found)
    letters = sum(character.isalpha() or character in ".,'’;" for character in written)
    return (
        known >= _FEWEST_FUNCTION_WORDS * max(1, len(found))
        and letters >= _FEWEST_LETTERS * len(written)
        and text.isprintable()
    )


def _passages(file: Path) -> list[str]:
    # Photos are never read here, so that their size does not matter.
    reading = registry.read(file, PixelSpec(edge_px=1, squash=True))
    if isinstance(reading, ReadFailure):
        return []
    return [tidied(passage.text) for passage in reading.passages]


def _grouped(passages: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(passages), PASSAGES_PER_GROUP):
        yield passages[start : start + PASSAGES_PER_GROUP]


def _varied(passages: Sequence[str], group: str) -> Iterator[Sentence]:
    position = 0
    for joined in cycle(_TURNS):
        if position >= len(passages):
            return
        text = " ".join(passages[position : position + max(1, joined)])
        position += max(1, joined)
        texts, sizes = ([text], _SIZES) if joined else (sentences(text), _SENTENCE_SIZES)
        for found in texts:
            if len(found.split()) in sizes and is_prose(found):
                yield Sentence(found, group=group)
