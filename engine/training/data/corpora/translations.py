"""Reads documents beside their translations: paragraphs in Chinese, and the same in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from engine.readers import registry
from engine.readings import Kind
from engine.training.data.corpora.sentence import Sentence, is_pair, tidied

LANGUAGES = ("en", "zh")
MALLARD = ".page"
"""The extension of pages of GNOME's help (Mallard 1.0)."""
PARAGRAPHS_PER_GROUP = 32
"""Of longer documents, so many paragraphs on end are held out together."""

_BLOCKS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "title", "desc", "dt", "dd", "td"))
_UNSEEN = "script, style, pre, head, nav"
_CODE = re.compile(r"[$={}<>|\\]|--\w|/\w+/")
_MOST_CHARACTERS = 1500
_FEWEST_WORDS = 4


def is_translated(path: Path) -> bool:
    """Whether `path` holds a folder of documents in English, `en`, and one in Chinese, `zh`."""
    return all((path / language).is_dir() for language in LANGUAGES)


def read(folder: Path) -> Iterator[Sentence]:
    """The paragraphs of zh/NAME that are translated, which mean those of en/NAME.

    Paragraphs are matched by their order, which translators' tools keep (po4a, itstool); documents
    that differ in their number are left out. The English ones are given only of Mallard: the
    folder `en` of other documents can be read by itself, as passages.
    """
    for file in sorted((folder / "en").rglob("*")):
        name = file.relative_to(folder / "en")
        translated = folder / "zh" / name
        if file.is_file() and translated.is_file() and _has_blocks(file):
            yield from _paired(_blocks(file), _blocks(translated), f"{folder.name}/{name}")


def _paired(english: list[str], chinese: list[str], name: str) -> Iterator[Sentence]:
    if len(english) != len(chinese):
        return
    for place, (original, translation) in enumerate(zip(english, chinese, strict=True)):
        if len(original) > _MOST_CHARACTERS or _CODE.search(original):
            continue
        if is_pair(original, translation):
            group = f"{name}#{place // PARAGRAPHS_PER_GROUP}"
            if name.endswith(MALLARD) and len(original.split()) >= _FEWEST_WORDS:
                yield Sentence(original, group=group)
            yield Sentence(translation, original, group)


def _has_blocks(file: Path) -> bool:
    if file.suffix == MALLARD:
        return True
    return file.suffix.startswith(".htm") and registry.kind_of(file) is Kind.DOCUMENT


def _blocks(file: Path) -> list[str]:
    """The texts of the innermost blocks, in order; none where the file is damaged."""
    if file.suffix == MALLARD:
        return _blocks_of_mallard(file)
    return _blocks_of_html(file.read_text(encoding="utf-8", errors="replace"))


def _blocks_of_mallard(file: Path) -> list[str]:
    try:
        root = ElementTree.parse(file).getroot()
    except ElementTree.ParseError:
        return []
    return [
        tidied("".join(node.itertext()))
        for node in root.iter()
        if _local(node) in _BLOCKS and sum(_local(inner) in _BLOCKS for inner in node.iter()) == 1
    ]


def _local(node: ElementTree.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _blocks_of_html(html: str) -> list[str]:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    for node in tree.css(_UNSEEN):
        node.decompose()
    blocks = ", ".join(sorted(_BLOCKS))
    return [tidied(node.text()) for node in tree.css(blocks) if len(_within(node, blocks)) == 0]


def _within(node: Any, selector: str) -> list[Any]:
    """What `selector` finds below `node`, but for `node` itself."""
    return [found for found in node.css(selector) if found.mem_id != node.mem_id]
