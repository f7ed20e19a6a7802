"""Text as people compare it, whatever its case, accents and width; for Python and for SQL."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from functools import lru_cache

_ACCENTS = re.compile("[\u0300-\u036f]")


def folded(text: str) -> str:
    """`text` without case, accents and width: `ＲＥＹＫＪＡＶÍＫ` as `reykjavik`."""
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", plain.casefold())


def last_name(path: bytes | str) -> str:
    """The folded name of what is at a path as it is stored: the last one in it."""
    text = path if isinstance(path, str) else _decoded(path)
    return folded(text.replace("\\", "/").rpartition("/")[2])


def folders_of(root: bytes, relative: bytes) -> str:
    """The folded folders of a file, from the name of the watched one at `root` on: `/trips/rome/`.

    Those above it are none of a person's choosing: a home, a drive.
    """
    return _folders(root, relative.replace(b"\\", b"/").rpartition(b"/")[0])


def register(connection: sqlite3.Connection) -> None:
    """Makes these functions known to the SQL of `connection`."""
    for name, arguments, function in (
        # The same places, tags and cameras are said over and over.
        ("folded", 1, lru_cache(maxsize=4096)(folded)),
        ("last_name", 1, last_name),
        ("folders_of", 2, folders_of),
    ):
        connection.create_function(name, arguments, function, deterministic=True)


@lru_cache(maxsize=4096)
def _folders(root: bytes, above: bytes) -> str:
    own = last_name(root.rstrip(b"/\\"))
    return folded(f"/{own}/{_decoded(above)}/") if above else f"/{own}/"


def _decoded(stored: bytes) -> str:
    """Names of files are stored as their bytes, which need not be text."""
    return stored.decode("utf-8", errors="replace")
