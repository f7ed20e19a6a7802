"""Looks whether there is room on a disk before anything is written to it."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import ModelError
from engine.paths import shown

MARGIN_BYTES = 200_000_000
"""What is left for everything else that writes meanwhile."""


def require_room(folder: Path, needed_bytes: int, purpose: str) -> None:
    """Raises ModelError where the disk of `folder`, which exists, has no room for so much more."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes + MARGIN_BYTES:
        raise ModelError(
            "There is not enough room on the disk",
            f"{purpose} takes {in_words(needed_bytes + MARGIN_BYTES)}, and the disk of "
            f"{shown(folder)} has {in_words(free_bytes)} left. Nothing was written. Make room, or "
            "use another --home.",
            folder,
        )


def in_words(size_bytes: int) -> str:
    """A size for people: `1.5 GB`, `35 MB`, `700 kB`."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"
