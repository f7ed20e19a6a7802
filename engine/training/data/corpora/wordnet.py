"""Reads WordNet: what words mean, and sentences that use them.

C. Fellbaum (ed.), "WordNet: An Electronic Lexical Database", 1998; the files are described in its
manual page wndb(5WN).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engine.training.data.corpora.sentence import Sentence, tidied

PARTS = ("noun", "verb", "adj", "adv")
EVERYDAY = frozenset(("06", "08", "13", "15", "17"))
"""The files of artifacts, body parts, food, places and natural things: what photos show."""

_TYPES = {"n": "1", "v": "2", "a": "3", "r": "4", "s": "5"}
_COUNTS = "cntlist.rev"
_EXAMPLE = re.compile(r'"([^"]+)"')
_MARKER = re.compile(r"\((?:a|p|ip)\)$")
_FEWEST_WORDS = 3


def is_wordnet(path: Path) -> bool:
    """Whether `path` is the folder of WordNet's database."""
    return (path / "data.noun").is_file()


def read(folder: Path) -> Iterator[Sentence]:
    """Of each synset the gloss, the examples, and its words, which mean "word: gloss".

    A word is given with its most frequent meaning as a noun, verb and so on, as far as the folder
    has lists of them (index.noun); otherwise with all of them, as if each were as likely. Where
    the folder has counts of use (cntlist.rev), synsets without any are left out, but for those of
    things that photos show.
    """
    used = _used(folder / _COUNTS)
    for part in PARTS:
        file = folder / f"data.{part}"
        if file.is_file():
            with file.open(encoding="utf-8") as lines:
                yield from _sentences(lines, part, used, _first_senses(folder / f"index.{part}"))


def _sentences(
    lines: Iterable[str], part: str, used: frozenset[str] | None, first_senses: Mapping[str, str]
) -> Iterator[Sentence]:
    for line in lines:
        left, separator, right = line.partition(" | ")
        if line.startswith("  ") or not separator:  # the licence, at the top of each file
            continue
        fields = left.split()
        if used is None or fields[1] in EVERYDAY or not used.isdisjoint(_senses(fields)):
            yield from _synset(fields, right, f"wordnet {part} {fields[0]}", first_senses)


def _synset(
    fields: list[str], described: str, group: str, first_senses: Mapping[str, str]
) -> Iterator[Sentence]:
    gloss = tidied(described.split('; "', maxsplit=1)[0]).strip(";: ")
    if gloss.startswith('"'):  # only an example
        return
    if len(gloss.split()) >= _FEWEST_WORDS:
        yield Sentence(gloss, group=group)
    for example in _EXAMPLE.findall(described):
        if len(example.split()) >= _FEWEST_WORDS:
            yield Sentence(tidied(example), group=group)
    for word, _ in _words(fields):
        if first_senses.get(_lemma(word), fields[0]) == fields[0]:
            yield Sentence(word, f"{word}: {gloss}", group)


def _words(fields: list[str]) -> list[tuple[str, str]]:
    """The words of a synset as they are written, and their numbers within their file."""
    pairs = zip(fields[4::2], fields[5::2], strict=False)
    return [
        (_MARKER.sub("", word).replace("_", " "), number)
        for word, number in list(pairs)[: int(fields[3], 16)]
    ]


def _senses(fields: list[str]) -> Iterator[str]:
    """The keys that counts of use are kept under, senseidx(5WN), as far as a line tells them."""
    for word, number in _words(fields):
        yield f"{_lemma(word)}%{_TYPES[fields[2]]}:{fields[1]}:{int(number, 16):02d}"


def _lemma(word: str) -> str:
    return word.lower().replace(" ", "_")


def _first_senses(file: Path) -> dict[str, str]:
    """By lemma the synset that it names most often, which the index lists first."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8") as lines:
        rows = [line.split() for line in lines if not line.startswith("  ")]
    return {row[0]: row[6 + int(row[3])] for row in rows if row}


def _used(file: Path) -> frozenset[str] | None:
    if not file.is_file():
        return None
    with file.open(encoding="utf-8") as lines:
        return frozenset(":".join(line.split()[0].split(":")[:3]) for line in lines if line.strip())
