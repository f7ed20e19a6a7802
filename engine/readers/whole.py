"""Reads a file as a whole, and refuses one that is too large for that."""

from __future__ import annotations

from pathlib import Path

from engine.readers.family import NotReadableError
from engine.readings import SkipReason


def data(path: Path, most_bytes: int, *, noun: str, advice: str) -> bytes:
    """The bytes of a file. Raises NotReadableError, as `too_large` makes it, and OSError."""
    with path.open("rb") as file:
        found = file.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise too_large(most_bytes, noun=noun, advice=advice)
    return found


def too_large(most_bytes: int, *, noun: str, advice: str) -> NotReadableError:
    """That a mail, a text or what `noun` says has more than `most_bytes`, and what to do."""
    return NotReadableError(
        SkipReason.TOO_LARGE, f"The {noun} is larger than {most_bytes >> 20} MiB. {advice}"
    )
