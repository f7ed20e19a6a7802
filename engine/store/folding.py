"""Text as people compare it, whatever its case, accents and width; for Python and for SQL."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from functools import lru_cache

_ACCENTS = re.compile("[\u0300-\u036f]")
_SEPARATORS = re.compile(r"[/\\]")  # Windows separates by the other one


@lru_cache(maxsize=4096)  # what is stored says the same places, cameras and folders over and over
def folded(text: str) -> str:
    """`text` without case, accents and width: `ＲＥＹＫＪＡＶÍＫ` as `reykjavik`."""
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain.casefold())


def last_name(path: bytes | str) -> str:
    """The folded name of what is at a path as it is stored: the last one in it."""
    return folded(_SEPARATORS.split(_text(path))[-1])


def folders_of(root: bytes, relative: bytes) -> str:
    """The folded folders of a file, from the name of the watched one at `root` on: `/trips/rome/`.

    Those above it are none of a person's choosing: a home, a drive.
    """
    above, separator, _ = _text(relative).replace("\\", "/").rpartition("/")
    own = _SEPARATORS.split(_text(root).rstrip("/\\"))[-1]
    return folded(f"/{own}/{above}{separator}")


def register(connection: sqlite3.Connection) -> None:
    """Makes these functions known to the SQL of `connection`."""
    for name, arguments, function in (
        ("folded", 1, folded),
        ("last_name", 1, last_name),
        ("folders_of", 2, folders_of),
    ):
        connection.create_function(name, arguments, function, deterministic=True)


def _text(stored: bytes | str) -> str:
    """Text that was stored as such or, like the names of files, as its bytes."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", errors="replace")
