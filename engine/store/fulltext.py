"""Full text: words of names and passages in SQLite FTS5, Chinese, Japanese and Korean included.

FTS5 splits at spaces, which these scripts do not write, so their runs are indexed as overlapping
pairs of characters (bigrams) and the last character: every word of one, two or more is found.
English words are found in their other forms too (Porter, 1980). All is indexed and asked for in the
composed form of Unicode (NFC): Macs write names with accents, and Korean ones, decomposed.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from engine.paths import shown
from engine.records import FileId, SegmentId

_CJK = (
    "\u2e80-\u2fdf\u3005-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_CJK_RUN = re.compile(f"[{_CJK}]+")
_WORD = re.compile(rf"[{_CJK}]+|[^\W{_CJK}_]+")
_TELLING = re.compile(rf"[{_CJK}]|[^\W\d{_CJK}_]{{2,}}")

STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "its"),
        *("of", "on", "or", "that", "the", "this", "to", "was", "were", "with"),
        *("的", "了", "在", "是", "和", "有", "一个", "一只", "一张"),
    )
)
"""Words too common to tell one file from another; they are not asked for."""

BRIEF_WORDS = 2
BRIEF_LETTERS = 20
"""A text has next to no words that has no more words of two letters, or CJK characters, and fewer
letters: Thai writes no spaces."""

LEAST_BEGINNING = 3
"""Letters that words have to have together to be taken for the beginning of a name."""


def _bigrams(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]]


def composed(text: str) -> str:
    """`text` in the form that words are compared in: each accented letter is one character."""
    return unicodedata.normalize("NFC", text)


def indexable(text: str) -> str:
    """`text` as FTS5 is given it: each run of CJK characters as bigrams and its last character."""
    return _CJK_RUN.sub(lambda run: f" {' '.join(_bigrams(run[0]))} ", composed(text))


def words_of(text: str) -> list[str]:
    """The words of a query that tell files apart, as written."""
    return [word for word in _WORD.findall(composed(text)) if word.casefold() not in STOP_WORDS]


def is_brief(text: str) -> bool:
    """Whether a text has next to no words."""
    words = _TELLING.findall(composed(text))
    return len(words) <= BRIEF_WORDS and sum(map(len, words)) < BRIEF_LETTERS


def match_expression(words: Sequence[str], phrases: Sequence[str] = ()) -> str:
    """The FTS5 query that asks for all of `words` and all `phrases`."""
    terms = [_term(word) for word in words]
    return " AND ".join(terms + [_phrase(phrase) for phrase in phrases if words_of(phrase)])


def beginning_expression(words: Sequence[str], phrases: Sequence[str] = ()) -> str:
    """The same, with the last word as the beginning of one; "" where that is too short to tell."""
    *others, last = words or [""]
    if len("".join(words)) < LEAST_BEGINNING or _CJK_RUN.fullmatch(last):
        return ""
    return " AND ".join(part for part in (match_expression(others, phrases), f'"{last}"*') if part)


def index_name(
    connection: sqlite3.Connection, file_id: FileId, folder_name: str, relative: Path
) -> None:
    """Makes a file findable by the words of its name and its folders' names."""
    connection.execute("DELETE FROM name_words WHERE rowid = ?", (file_id,))
    connection.execute(
        "INSERT INTO name_words (rowid, words) VALUES (?, ?)",
        (file_id, _parts(f"{folder_name} {shown(relative)}")),
    )


def index_member(connection: sqlite3.Connection, member_id: int, name: str) -> None:
    """Makes a file inside a file findable by the words of its name."""
    connection.execute("DELETE FROM member_words WHERE rowid = ?", (member_id,))
    connection.execute(
        "INSERT INTO member_words (rowid, words) VALUES (?, ?)", (member_id, _parts(name))
    )


def index_passage(connection: sqlite3.Connection, segment_id: SegmentId, text: str) -> None:
    """Makes a passage findable by its words."""
    connection.execute(
        "INSERT INTO passage_words (rowid, words) VALUES (?, ?)", (segment_id, indexable(text))
    )


def _term(word: str) -> str:
    if not _CJK_RUN.fullmatch(word):
        return f'"{word}"'
    if len(word) == 1:
        return f'"{word}"*'
    return '"' + " ".join(_bigrams(word)[:-1]) + '"'


def _phrase(phrase: str) -> str:
    words = _WORD.findall(composed(phrase))
    pieces: list[str] = []
    for word in words[:-1]:
        pieces += _bigrams(word) if _CJK_RUN.fullmatch(word) else [word]
    # The last run may go on in the text; those before it end there, with their last character.
    last = words[-1]
    if not _CJK_RUN.fullmatch(last):
        return f'"{" ".join([*pieces, last])}"'
    if len(last) == 1:
        return f'"{" ".join([*pieces, last])}"*'
    return f'"{" ".join([*pieces, *_bigrams(last)[:-1]])}"'


def _parts(name: str) -> str:
    """The words of a name as FTS5 is given them, as written and cut where case or digits change."""
    text = re.sub(r"[_.\W]+", " ", composed(name))
    return indexable(
        text
        + " "
        + re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", text)
    )
