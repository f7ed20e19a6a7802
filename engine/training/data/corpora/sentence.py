"""A text to learn from, and what texts are told by: their words, and their script."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HAN = re.compile("[\u3400-\u9fff\U00020000-\U000323af]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, and in English what it means where that is not the text itself.

    Sentences of one `group` (of one document, of one message and its translation) say much the
    same; they are trained on together or held out together.
    """

    text: str
    means: str | None = None
    group: str = ""


def tidied(text: str) -> str:
    """`text` in one line, with single spaces."""
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """The words of a text in an alphabet, as they are written."""
    return _WORD.findall(text)


def han_share(text: str) -> float:
    """Which share of the characters of `text`, but for spaces, are Chinese."""
    written = "".join(text.split())
    return len(_HAN.findall(written)) / max(1, len(written))


def is_pair(english: str, chinese: str) -> bool:
    """Whether these can be one text in English and in Chinese, rather than left untranslated."""
    return (
        han_share(chinese) >= 0.4
        and len(_HAN.findall(chinese)) >= 2
        and han_share(english) == 0
        and any(len(word) > 2 for word in words(english))
        # English takes two to four characters for one of Chinese.
        and 0.5 <= len(english) / len(chinese) <= 8
    )
