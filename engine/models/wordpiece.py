"""Turns a text into the ids of its word pieces, and tells the words that have none."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby

from tokenizers import Tokenizer

from engine.errors import ModelError

LAST_LATIN = "\u024f"
LATIN_ADDITIONS = ("\u1e00", "\u1eff")
COMBINING_ACCENTS = ("\u0300", "\u036f")
JOINER = "\u200d"  # glues several emoji into one


class WordPieces:
    """A WordPiece vocabulary of a model that learnt English.

    Words in another script (Chinese, Japanese, Korean, Cyrillic, ...) and pictographs are
    unknown, even where the vocabulary happens to hold their characters: nothing was ever learnt
    about those, and a guess from them would be noise. They are left out, as are pieces that the
    vocabulary lacks.
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

    def ids(self, text: str) -> list[int]:
        """The ids of the known pieces of `text`, in order, all of them."""
        latin, _ = _without_foreign(text)
        pieces = self._tokenizer.encode(latin, add_special_tokens=False).ids
        return [piece for piece in pieces if piece != self._unknown_id]

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that `ids` leaves out, in order."""
        latin, found = _without_foreign(text)
        encoding = self._tokenizer.encode(latin, add_special_tokens=False)
        for piece, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if piece == self._unknown_id:
                found.append((start, latin[start:end]))
        return tuple(word for _, word in sorted(found))


def _without_foreign(text: str) -> tuple[str, list[tuple[int, str]]]:
    """`text` (NFC) with the words in foreign scripts blanked, and those words with their places."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text, []
    kept: list[str] = []
    foreign: list[tuple[int, str]] = []
    position = 0
    for is_foreign, run in groupby(text, _is_foreign):
        word = "".join(run)
        if is_foreign and any(_is_letter_or_picture(character) for character in word):
            foreign.append((position, word))
        kept.append(" " * len(word) if is_foreign else word)
        position += len(word)
    return "".join(kept), foreign


@lru_cache(maxsize=4096)
def _is_foreign(character: str) -> bool:
    if character <= LAST_LATIN or LATIN_ADDITIONS[0] <= character <= LATIN_ADDITIONS[1]:
        return False
    if COMBINING_ACCENTS[0] <= character <= COMBINING_ACCENTS[1]:
        return False
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("So", "Sk") or character == JOINER


def _is_letter_or_picture(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category == "So"
