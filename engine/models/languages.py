"""Tells from its script that a query is in a language that the model does not know."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

SCRIPTS: dict[str, tuple[str, frozenset[str]]] = {
    # The first word of a letter's name in Unicode: what to call it, and languages in it.
    "CJK": ("Chinese", frozenset({"zh", "yue", "ja"})),
    "HIRAGANA": ("Japanese", frozenset({"ja"})),
    "KATAKANA": ("Japanese", frozenset({"ja"})),
    "HANGUL": ("Korean", frozenset({"ko"})),
    "CYRILLIC": (
        "Cyrillic script",
        frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt"}),
    ),
    "ARABIC": ("Arabic script", frozenset({"ar", "fa", "ur", "ps", "sd", "ckb", "ug"})),
    "DEVANAGARI": ("Devanagari script", frozenset({"hi", "mr", "ne", "sa"})),
    "HEBREW": ("Hebrew script", frozenset({"he", "iw", "yi"})),
    "GREEK": ("Greek", frozenset({"el"})),
    "THAI": ("Thai", frozenset({"th"})),
    "LAO": ("Lao", frozenset({"lo"})),
    "KHMER": ("Khmer", frozenset({"km"})),
    "MYANMAR": ("Burmese", frozenset({"my"})),
    "BENGALI": ("Bengali script", frozenset({"bn", "as"})),
    "TAMIL": ("Tamil", frozenset({"ta"})),
    "TELUGU": ("Telugu", frozenset({"te"})),
    "KANNADA": ("Kannada", frozenset({"kn"})),
    "MALAYALAM": ("Malayalam", frozenset({"ml"})),
    "GUJARATI": ("Gujarati", frozenset({"gu"})),
    "GURMUKHI": ("Punjabi", frozenset({"pa"})),
    "SINHALA": ("Sinhala", frozenset({"si"})),
    "GEORGIAN": ("Georgian", frozenset({"ka"})),
    "ARMENIAN": ("Armenian", frozenset({"hy"})),
    "ETHIOPIC": ("Amharic", frozenset({"am", "ti"})),
    "TIBETAN": ("Tibetan", frozenset({"bo", "dz"})),
}

LONGEST_CODE = 3
"""Of a language; what is longer ("100+") or "mul" says that there are many."""


def unknown_language(query: str, languages: Sequence[str]) -> str | None:
    """The English name of the language or script of `query`, if the model does not know it.

    `languages` are the ISO 639 codes of a card, perhaps with regions ("zh-Hans"). None where it
    lists none or says that there are many, and where the script does not tell: languages in Latin
    letters are not told apart, since two or three words of them are too few to tell by.
    """
    known = {code.lower().partition("-")[0].partition("_")[0] for code in languages}
    if not known or "mul" in known or any(len(code) > LONGEST_CODE for code in known):
        return None
    letters = Counter(_script(letter) for letter in query if letter.isalpha())
    # Kana settle what Chinese characters beside them are.
    if letters["HIRAGANA"] or letters["KATAKANA"]:
        letters["HIRAGANA"] += letters.pop("CJK", 0) + letters.pop("KATAKANA", 0)
    unknown = Counter[str]()
    for script, count in letters.items():
        if script in SCRIPTS and not SCRIPTS[script][1] & known:
            unknown[SCRIPTS[script][0]] += count
    if not unknown or 2 * unknown.total() < letters.total():
        return None
    return unknown.most_common(1)[0][0]


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]
