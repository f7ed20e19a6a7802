"""Builds the vocabulary of a text tower that reads English and Chinese."""

from __future__ import annotations

import bz2
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import RecipeError
from engine.models.wordpiece import HAN_MARK, HAN_RUN
from engine.paths import shown

PADDING = "[PAD]"
UNKNOWN = "[UNK]"

LATIN_BLOCKS = ("\u0000", "\u024f")
PUNCTUATION_BLOCKS = ("\u2010", "\u21ff")
"""From dashes and quotes to arrows, with the signs of currencies and numbers between."""

OCCURS_AT_LEAST = 3
"""How often a pair of characters has to stand in the texts to be a piece of its own."""

MODERN_SOURCES = ("kLau", "kHKGlyph")
"""Of Unihan's sources, those that tell what means the same today rather than once."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What each id of a built tokenizer.json stands for."""

    pieces: tuple[str, ...]
    """By id; a traditional character, which shares its simplified form's id, is not there."""

    @property
    def latin(self) -> range:
        """The ids of pieces of words of Latin letters, of numbers and of signs."""
        return range(self.pieces.index(UNKNOWN) + 1, self.pieces.index(HAN_MARK))

    @property
    def characters(self) -> range:
        """The ids of single Chinese characters."""
        return range(self.latin.stop + 1, self.latin.stop + 1 + self._lengths(1))

    @property
    def bigrams(self) -> range:
        """The ids of pairs of Chinese characters."""
        return range(self.characters.stop, len(self.pieces))

    def _lengths(self, length: int) -> int:
        return sum(len(piece) == length for piece in self.pieces[self.latin.stop + 1 :])


def build(
    base: bytes,
    chinese_texts: Iterable[str],
    glossed_characters: Collection[str],
    *,
    variants: Mapping[str, Collection[str]] | None = None,
    bigrams: int = 8000,
) -> bytes:
    """A tokenizer.json: `base`'s Latin pieces, Chinese characters and their commonest pairs.

    `base` is the tokenizer.json of a WordPiece model such as BERT's. The characters are those of
    the texts and the glossed ones. A character of `variants` that the texts never use shares the
    id of its form that they use most. Ids: 0 is [PAD], 1 is [UNK], then come the pieces of `base`
    in its order, the mark that says that Chinese is known, the characters in Unicode's order, and
    at most `bigrams` pairs, the commonest first. The same input gives the same bytes. Raises
    RecipeError where `base` is no such file.
    """
    definition = _word_pieces(base)
    seen, pairs = _count(chinese_texts)
    glossed = {character for character in glossed_characters if HAN_RUN.fullmatch(character)}
    spellings = _spellings(seen, glossed, variants or {})
    characters = sorted((seen.keys() | glossed) - spellings.keys())
    commonest = sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:bigrams]
    pieces = [
        PADDING,
        UNKNOWN,
        *_latin(definition["model"]["vocab"]),
        HAN_MARK,
        *characters,
        *(pair for pair in commonest if pairs[pair] >= OCCURS_AT_LEAST),
    ]
    ids = {piece: number for number, piece in enumerate(pieces)}
    ids |= {variant: ids[form] for variant, form in sorted(spellings.items())}
    definition["model"] |= {"unk_token": UNKNOWN, "vocab": ids}
    # Without these, what a person types in brackets is a text like any other.
    definition |= {
        "added_tokens": [],
        "post_processor": None,
        "padding": None,
        "truncation": None,
    }
    return json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode()


def read(definition: bytes) -> Vocabulary:
    """What the ids of a tokenizer.json that `build` made stand for."""
    by_id: dict[int, str] = {}
    for piece, number in json.loads(definition)["model"]["vocab"].items():
        by_id.setdefault(number, piece)  # other spellings of a piece follow it
    return Vocabulary(tuple(by_id[number] for number in range(len(by_id))))


def read_glossed(readings: Path) -> frozenset[str]:
    """The characters of GB 2312 that Unihan's `Unihan_Readings.txt` defines in English.

    Packed or not. Raises RecipeError.
    """
    return frozenset(
        character
        for character, field, _ in _unihan(readings)
        if field == "kDefinition" and _is_in_gb2312(character)
    )


def read_variants(variants: Path) -> dict[str, frozenset[str]]:
    """Characters with the simplified forms that Unihan's `Unihan_Variants.txt` gives for them.

    A character outside GB 2312 without any is given those that today mean the same, and their
    simplified forms. Raises RecipeError.
    """
    simplified: dict[str, frozenset[str]] = {}
    alike: dict[str, frozenset[str]] = {}
    for character, field, value in _unihan(variants):
        forms = [form.partition("<") for form in value.split()]
        if field == "kSimplifiedVariant":
            simplified[character] = frozenset(_character(code) for code, _, _ in forms)
        elif field == "kSemanticVariant" and not _is_in_gb2312(character):
            alike[character] = frozenset(
                _character(code)
                for code, _, sources in forms
                if any(source in sources for source in MODERN_SOURCES)
            )
    found = {
        character: forms.union(*(simplified.get(form, ()) for form in forms))
        for character, forms in alike.items()
    }
    found |= simplified
    return {
        character: forms - {character}
        for character, forms in found.items()
        if HAN_RUN.fullmatch(character) and forms - {character}
    }


def _word_pieces(base: bytes) -> dict[str, Any]:
    try:
        definition: dict[str, Any] = json.loads(base)
        if definition["model"]["type"] != "WordPiece":
            raise ValueError(f"its model is a {definition['model']['type']}")
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(
            "The vocabulary cannot be taken over",
            f"A tokenizer.json of word pieces, such as BERT's, is needed ({error!r}).",
        ) from error
    return definition


def _count(texts: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """How often each Chinese character, and each pair of neighbours, stands in the texts."""
    characters: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in texts:
        for run in HAN_RUN.findall(text):
            characters.update(run)
            pairs.update(run[start : start + 2] for start in range(len(run) - 1))
    return characters, pairs


def _spellings(
    seen: Mapping[str, int], glossed: Collection[str], variants: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """The characters that stand for another one of the vocabulary."""
    known = (set(seen) | set(glossed)) - (variants.keys() - seen.keys())
    spellings = {}
    for variant, forms in variants.items():
        candidates = sorted(known.intersection(forms) - {variant})
        if candidates and variant not in seen:
            spellings[variant] = max(candidates, key=lambda form: seen.get(form, 0))
    return spellings


def _latin(vocabulary: Mapping[str, int]) -> list[str]:
    """The pieces of Latin letters, digits and signs, in their order, without [CLS] and the like."""
    return [
        piece
        for piece in sorted(vocabulary, key=lambda piece: vocabulary[piece])
        if not (piece.startswith("[") and len(piece) > 1) and all(map(_is_latin, piece))
    ]


def _is_latin(character: str) -> bool:
    return (
        LATIN_BLOCKS[0] <= character <= LATIN_BLOCKS[1]
        or PUNCTUATION_BLOCKS[0] <= character <= PUNCTUATION_BLOCKS[1]
    )


def _unihan(file: Path) -> Iterator[tuple[str, str, str]]:
    """Character, field and value of each line of a file of the Unihan database, packed or not."""
    try:
        contents = file.read_bytes()
        text = (bz2.decompress(contents) if file.suffix == ".bz2" else contents).decode()
    except (OSError, ValueError) as error:
        raise RecipeError(
            "Unihan's characters cannot be read", f"{shown(file)}: {error}", file
        ) from error
    for line in text.splitlines():
        if line.startswith("U+"):
            code, field, value = line.split("\t")
            yield _character(code), field, value


def _character(code: str) -> str:
    return chr(int(code.removeprefix("U+"), 16))


def _is_in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
