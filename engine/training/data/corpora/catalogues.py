"""Reads gettext's compiled catalogues: messages of programs in Chinese, and in English.

The format is described in the manual of GNU gettext, "The Format of GNU MO Files".
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from engine.training.data.corpora.sentence import Sentence, is_pair, tidied

EXTENSION = ".mo"

_MAGIC = 0x950412DE
_ORDERS = {struct.pack(order + "I", _MAGIC): order for order in "<>"}
_END_OF_CONTEXT = "\4"
_END_OF_SINGULAR = "\0"
_ACCELERATOR_BESIDE = re.compile(r"\s*[((][_&]\w[))]")
_ACCELERATOR = re.compile(r"[_&](?=\w)")
_LEFT_AT_END = re.compile(r"[\s.…。::]+$")
_NOT_PROSE = re.compile(r"%|[{}<>|\\$@=#~^]|--\w|\w/\w|_|\.\w|://")
_MOST_CHARACTERS = 600


def read(file: Path) -> Iterator[Sentence]:
    """The Chinese messages in `file`, which mean the English ones; a damaged file has none.

    Messages with placeholders, markup, options or names of files are left out, as are those that
    are the same in both languages.
    """
    for original, translation in _messages(file.read_bytes()):
        english, chinese = _without_accelerator(original), _without_accelerator(translation)
        if len(english) > _MOST_CHARACTERS or _NOT_PROSE.search(english + chinese):
            continue
        if is_pair(english, chinese):
            yield Sentence(chinese, english, f"message {english}")


def _messages(data: bytes) -> Iterator[tuple[str, str]]:
    """Messages and their translations, in the singular and without contexts."""
    order = _ORDERS.get(data[:4])
    if order is None:
        return
    try:
        count, originals, translations = struct.unpack_from(f"{order}3I", data, 8)
        for place in range(count):
            original = _string(data, order, originals + 8 * place)
            translation = _string(data, order, translations + 8 * place)
            if original:  # the empty one is about the catalogue itself
                yield original.rsplit(_END_OF_CONTEXT, 1)[-1], translation
    except (struct.error, UnicodeDecodeError):
        return


def _string(data: bytes, order: str, at: int) -> str:
    length, start = struct.unpack_from(f"{order}2I", data, at)
    return data[start : start + length].decode("utf-8").split(_END_OF_SINGULAR, 1)[0]


def _without_accelerator(text: str) -> str:
    """`text` without the mark of the key that chooses it in a menu: "_Open", "打开(_O)"."""
    text = _ACCELERATOR_BESIDE.sub("", text)
    if len(_ACCELERATOR.findall(text)) == 1 and not re.search(r"&\w+;", text):
        text = _ACCELERATOR.sub("", text)
    return _LEFT_AT_END.sub("", tidied(text))
