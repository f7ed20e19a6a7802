"""Tells the language of a text, offline."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LEAST_LETTERS = 40
"""In shorter texts names and numbers mislead; Chinese, Japanese and Korean need a quarter."""
LEAST_CHANCE = 0.7
SAMPLE_CHARS = 4000

_MOST_PASSAGES = 40
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_ADDRESSES = re.compile(r"\S*(?:://|@|www\.)\S*")
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_CODE = re.compile("[a-z]{2}")
# Next of kin of larger languages, for which short texts in those are taken.
_NEAR = frozenset(("an", "nn", "oc", "vo", "wa"))
_NO_LANGUAGE = "zxx"


def of(texts: Iterable[str]) -> str | None:
    """The ISO 639-1 code of what most of the texts are in; None where that is not sure."""
    words = " ".join(" ".join(islice(texts, _MOST_PASSAGES))[: 4 * SAMPLE_CHARS].split())
    sample = _NOT_LETTERS.sub(" ", _ADDRESSES.sub(" ", words))[:SAMPLE_CHARS]
    letters = len(sample.replace(" ", ""))
    if letters + 3 * len(_DENSE.findall(sample)) < LEAST_LETTERS:
        return None
    chances = {
        code: chance
        for code, chance in _identifier().rank(sample)
        if (_CODE.fullmatch(code) and code not in _NEAR) or code == _NO_LANGUAGE
    }
    likeliest = max(chances, key=chances.__getitem__)
    is_sure = chances[likeliest] >= LEAST_CHANCE * sum(chances.values())
    return likeliest if is_sure and likeliest != _NO_LANGUAGE else None


def declared(tag: str | None) -> str | None:
    """The ISO 639-1 code in a language tag (RFC 5646) that a document carries."""
    code = re.split("[-_]", (tag or "").strip().lower())[0]
    return code if _CODE.fullmatch(code) else None


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
