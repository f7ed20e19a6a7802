"""Turns a text into the ids of its word pieces, and tells the words that have none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import groupby, pairwise

from tokenizers import Tokenizer

from engine.errors import ModelError

HAN_MARK = "[HAN]"
"""A vocabulary that has this piece learnt Chinese; its Chinese pieces have ids above it."""

HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
"""Chinese characters in a row: Unicode's unified ideographs but for the rare ones."""

CONTINUING = "##"
"""What a piece that does not begin a word is written with."""

LETTERS_A_PIECE = 2
CONSONANTS_IN_A_ROW = re.compile("[^aeiouy]{4}")
"""A string in pieces of fewer letters than that on average, with such a row, is no word.

Of WordNet's 77,503 single words these are 0.07 %, mostly abbreviations and Roman numerals; of
random strings of 5 to 8 consonants 96 %, of 5 to 8 letters 49 %.
"""

_BEYOND_LATIN = re.compile("[^\u0000-\u024f\u1e00-\u1eff\u0300-\u036f]+")
"""Anything but Latin letters, digits, common signs and combining accents, in a row."""

_WIDE_TO_ASCII = {
    0xFEE0 + ord(letter): letter
    for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
"""Letters and digits as wide as a Chinese character, as keyboards for Chinese can type them."""

JOINER = "\u200d"  # glues several emoji into one

_Placed = list[tuple[int, str]]
"""Parts of a text with where they start in it."""


class WordPieces:
    """A WordPiece vocabulary of a model that learnt English, and perhaps Chinese.

    A word that the vocabulary lacks falls back to its pieces; one that falls apart into single
    letters and cannot be pronounced, such as "qwzxk", is unknown. Chinese characters are known one
    by one, and common pairs of neighbours besides; a model that did not learn Chinese knows none,
    even where its vocabulary happens to hold some. Other scripts (Japanese kana, Korean, Cyrillic,
    ...) and pictographs are unknown too: nothing was ever learnt about them, and a guess would be
    noise. What is unknown is left out.
    """

    def __init__(self, definition: bytes) -> None:
        """Reads the contents of a tokenizer.json. Raises ModelError."""
        try:
            self._tokenizer = Tokenizer.from_str(definition.decode())
        except Exception as error:  # tokenizers raises plain Exception
            raise ModelError(
                "The model cannot be loaded",
                f"Its vocabulary was not understood ({error}). Reinstall Keepsight.",
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._unknown_id: int | None = self._tokenizer.token_to_id("[UNK]")
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=False)
        self._continuing = frozenset(
            number for piece, number in vocabulary.items() if piece.startswith(CONTINUING)
        )
        self._characters, self._pairs = _chinese(vocabulary)

    def ids(self, text: str) -> list[int]:
        """The ids of the known pieces of `text`, in order, all of them.

        That of a pair of Chinese characters stands between those of the two.
        """
        latin, chinese, _ = self._parted(text)
        encoding = self._tokenizer.encode(latin, add_special_tokens=False)
        pieces = encoding.ids
        unknown = {
            position for first, end in self._unknown_spans(pieces) for position in range(first, end)
        }
        known = [position for position in range(len(pieces)) if position not in unknown]
        if not chinese:
            return [pieces[position] for position in known]
        offsets = encoding.offsets
        placed: list[tuple[int, Iterable[int]]] = [
            (offsets[position][0], (pieces[position],)) for position in known
        ]
        placed += [(start, self._chinese_ids(run)) for start, run in chinese]
        placed.sort(key=lambda part: part[0])
        return [piece for _, part in placed for piece in part]

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that `ids` leaves out, in order; stray signs are not named."""
        latin, _, unknown = self._parted(text)
        encoding = self._tokenizer.encode(latin, add_special_tokens=False)
        offsets = encoding.offsets
        for first, end in self._unknown_spans(encoding.ids):
            start = offsets[first][0]
            word = latin[start : offsets[end - 1][1]]
            if any(map(_is_named, word)):
                unknown.append((start, word))
        return tuple(word for _, word in sorted(unknown))

    def _parted(self, text: str) -> tuple[str, _Placed, _Placed]:
        """`text` (NFC) with other scripts blanked, its runs of known Chinese, its foreign words."""
        if text.isascii():
            return text, [], []
        text = unicodedata.normalize("NFC", text)
        if self._characters:
            text = text.translate(_WIDE_TO_ASCII)
        kept: list[str] = []
        chinese: _Placed = []
        foreign: _Placed = []
        end = 0
        for other in _BEYOND_LATIN.finditer(text):
            start = other.start()
            kept.append(text[end:start])
            for script, characters in groupby(other[0], self._script):
                run = "".join(characters)
                kept.append(run if script is _Script.NONE else " " * len(run))
                if script is _Script.CHINESE:
                    chinese.append((start, run))
                elif script is _Script.FOREIGN and any(map(_is_named, run)):
                    foreign.append((start, run))
                start += len(run)
            end = other.end()
        kept.append(text[end:])
        return "".join(kept), chinese, foreign

    def _script(self, character: str) -> _Script:
        if character in self._characters:
            return _Script.CHINESE
        return _Script.FOREIGN if _is_foreign(character) else _Script.NONE

    def _chinese_ids(self, run: str) -> Iterator[int]:
        before = -1
        for character in run:
            piece = self._characters[character]
            pair = self._pairs.get((before, piece))
            if pair is not None:
                yield pair
            yield piece
            before = piece

    def _unknown_spans(self, pieces: list[int]) -> Iterator[tuple[int, int]]:
        """The unknown words among `pieces`: the position of the first of each, and its end."""
        beginnings = [
            position for position, piece in enumerate(pieces) if piece not in self._continuing
        ]
        for first, end in pairwise([*beginnings, len(pieces)]):
            if pieces[first] == self._unknown_id or (
                end - first > 1 and self._falls_apart(pieces[first:end])
            ):
                yield first, end

    def _falls_apart(self, pieces: list[int]) -> bool:
        tokens = (self._tokenizer.id_to_token(piece) or "" for piece in pieces)
        letters = "".join(token.removeprefix(CONTINUING) for token in tokens)
        return (
            len(letters) < LETTERS_A_PIECE * len(pieces)
            and letters.isalpha()
            and CONSONANTS_IN_A_ROW.search(letters) is not None
        )


class _Script(Enum):
    CHINESE = "Chinese that the model learnt"
    FOREIGN = "letters and pictures that it did not learn"
    NONE = "signs, spaces, numbers"


def _chinese(vocabulary: dict[str, int]) -> tuple[dict[str, int], dict[tuple[int, int], int]]:
    """The ids of Chinese characters, and those of pairs by the ids of the two.

    Characters that are written in two ways, simplified and traditional, share an id, and so do
    their pairs.
    """
    mark = vocabulary.get(HAN_MARK)
    if mark is None:
        return {}, {}
    pieces = [(piece, number) for piece, number in vocabulary.items() if number > mark]
    characters = {piece: number for piece, number in pieces if len(piece) == 1}
    pairs = {
        (characters[piece[0]], characters[piece[1]]): number
        for piece, number in pieces
        if len(piece) > 1
    }
    return characters, pairs


@lru_cache(maxsize=4096)
def _is_foreign(character: str) -> bool:
    category = unicodedata.category(character)
    # A surrogate stands for a byte of no encoding.
    return category[0] in "LM" or category in ("So", "Sk", "Cs") or character == JOINER


def _is_named(character: str) -> bool:
    """Whether it is worth saying that this was not understood: letters, numbers, pictures."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "So"
