"""Tells the names of files from other spellings, which disks that ignore case take for them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection
from functools import cache
from pathlib import Path
from unicodedata import normalize


def spelt(root: Path, paths: Collection[Path]) -> list[Path]:
    """`paths` below `root` but those of them that are there only as another one's spelling.

    A disk that ignores case has Foo.txt still when it was renamed to foo.txt.
    """

    @cache
    def names(folder: Path) -> frozenset[str] | None:
        try:
            return frozenset(os.listdir(folder))  # noqa: PTH208 - of names only
        except OSError:
            return None  # the scan tells

    def stands_so(path: Path) -> bool:
        listed = ((names((root / each).parent), each.name) for each in (path, *path.parents)[:-1])
        return all(found is None or name in found for found, name in listed)

    spellings = Counter(map(_folded, paths))
    return [path for path in paths if spellings[_folded(path)] == 1 or stands_so(path)]


def _folded(path: Path) -> str:
    return normalize("NFC", str(path)).casefold()
