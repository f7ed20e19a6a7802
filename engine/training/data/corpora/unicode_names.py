"""Reads what Unicode says of characters: names of emoji in two languages, and Chinese glosses.

Emoji are annotated in the Common Locale Data Repository (UTS #35, part 7); characters are defined
in the Unihan database (UAX #38, kDefinition).
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from engine.training.data.corpora.sentence import Sentence, tidied

_ANNOTATIONS = ("annotations", "annotationsDerived")
_SKIN_TONES = ("skin tone", "肤色")
_DEFINITION = "\tkDefinition\t"
_HEAD_LINES = 2000


def is_cldr(path: Path) -> bool:
    """Whether `path` is the folder `common` of the Common Locale Data Repository."""
    return all((path / _ANNOTATIONS[0] / f"{language}.xml").is_file() for language in ("en", "zh"))


def read_cldr(folder: Path) -> Iterator[Sentence]:
    """Names and keywords of emoji and symbols; the Chinese ones mean the English ones."""
    english, chinese = _annotations(folder, "en"), _annotations(folder, "zh")
    for key, text in english.items():
        if any(tone in text for tone in _SKIN_TONES):
            continue
        group = f"emoji {key[0]}"
        name = english.get((key[0], "tts"), text)
        if text != name and text in name:  # "flag", of every flag
            continue
        # Keywords without the name they belong to are riddles ("face | grin").
        means = text if text == name else f"{name}: {text}"
        yield Sentence(text, None if means == text else means, group)
        if key in chinese and chinese[key] != text:
            yield Sentence(chinese[key], means, group)


def is_unihan(path: Path) -> bool:
    """Whether `path` is a Unihan_Readings.txt, which may be compressed as .bz2."""
    if path.suffix not in (".txt", ".bz2"):
        return False
    try:
        return any(_DEFINITION in line for line, _ in zip(_lines(path), range(_HEAD_LINES)))  # noqa: B905 - the head only
    except (OSError, UnicodeDecodeError):
        return False


def read_unihan(file: Path) -> Iterator[Sentence]:
    """The characters of GB 2312, those of everyday Chinese, which mean their glosses."""
    for line in _lines(file):
        if _DEFINITION not in line:
            continue
        code, _, gloss = line.rstrip("\n").split("\t", 2)
        character = chr(int(code.removeprefix("U+"), 16))
        if _is_everyday(character):
            yield Sentence(character, tidied(gloss), f"character {character}")


def _annotations(folder: Path, language: str) -> dict[tuple[str, str], str]:
    """By character and kind ("tts" is the name, "" the keywords)."""
    found = {}
    for part in _ANNOTATIONS:
        file = folder / part / f"{language}.xml"
        if not file.is_file():
            continue
        for node in ElementTree.parse(file).iter("annotation"):
            character, text = node.get("cp"), node.text
            if character and text and "↑" not in text:  # which stands for: as in another language
                found[character, node.get("type") or ""] = ", ".join(
                    tidied(keyword) for keyword in text.split("|")
                )
    return found


def _lines(file: Path) -> Iterator[str]:
    opener = bz2.open if file.suffix == ".bz2" else open
    with opener(file, "rt", encoding="utf-8") as lines:
        yield from lines


def _is_everyday(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
