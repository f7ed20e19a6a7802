"""Makes running text of the lines of a printed page."""

from __future__ import annotations

import re
import unicodedata

MOST_STRANGE = 0.3

_NOISE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HYPHENS = re.compile("[\x02\u00ad\ufffe]\n?")
_STRANGE = re.compile("[\ue000-\uf8ff\ufffd]")
_LETTERS = re.compile(r"[^\W_]")
# Ligatures and radicals that fonts put in place of the letters and characters that are meant.
_STAND_INS = re.compile("[\ufb00-\ufb06\u2e80-\u2fdf\uf900-\ufaff]")
_DENSE = "[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]"
# Lines of the page are no lines of the text: one goes on where no sentence can end.
_GOES_ON = re.compile(f"(?<={_DENSE})\n(?={_DENSE})")
_GOES_ON_SPACED = re.compile(r"(?<=[a-zß-ÿа-я,])\n(?=[a-zß-ÿа-я(])")


def running(text: str) -> str:
    """The text without marks of the page's lines, with letters where fonts have stand-ins."""
    lines = _HYPHENS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    clean = _NOISE.sub("", lines)
    meant = _STAND_INS.sub(lambda found: unicodedata.normalize("NFKC", found[0]), clean)
    return _GOES_ON_SPACED.sub(" ", _GOES_ON.sub("", meant)).strip()


def letters(text: str) -> int:
    """How many letters and digits there are in a text."""
    return len(_LETTERS.findall(text))


def is_unexplained(text: str) -> bool:
    """Whether the fonts do not say what most of the characters stand for."""
    return len(_STRANGE.findall(text)) > MOST_STRANGE * len("".join(text.split()))
