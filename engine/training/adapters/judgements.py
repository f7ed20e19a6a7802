"""What a person says about photos: captions, or which results of a query are right and wrong.

Feedback is JSON: a list of `query`, `liked` and optionally `rejected`, the paths of photos,
absolute or beside the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import CaptionsError
from engine.paths import shown
from engine.training.data.layouts import CaptionedPhoto


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person would ask, the photos that are right answers, and some that are wrong."""

    query: str
    liked: tuple[Path, ...]
    rejected: tuple[Path, ...] = ()


def of_captions(photos: Iterable[CaptionedPhoto]) -> list[Judgement]:
    """Each caption as what is asked for its photo."""
    return [
        Judgement(text, (photo.path,))
        for photo in photos
        for texts in photo.captions.values()
        for text in texts
        if text.strip()
    ]


def read_feedback(file: Path) -> list[Judgement]:
    """Reads a file of feedback. Raises CaptionsError, naming the entry that cannot be used."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CaptionsError(
            "The feedback cannot be read", f"{shown(file)}: {error}", file
        ) from error
    if not isinstance(rows, list):
        raise CaptionsError("The feedback cannot be read", f"{shown(file)} must hold a list.", file)
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_judgement(file, row))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            wrong = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise CaptionsError(
                "The feedback cannot be read",
                f"{shown(file)}, entry {number}: {wrong}. Each must have a “query” and, under "
                "“liked” and “rejected”, lists of paths, that of the liked not empty.",
                file,
            ) from error
    return found


def _judgement(file: Path, row: Any) -> Judgement:
    liked, rejected = _paths(file, row["liked"]), _paths(file, row.get("rejected", []))
    if not row["query"].strip() or not liked:
        raise ValueError("nothing is asked, or nothing is liked")
    both = sorted(set(liked) & set(rejected))
    if both:
        raise ValueError(f"{shown(both[0])} is both liked and rejected")
    return Judgement(row["query"], liked, rejected)


def _paths(file: Path, names: Any) -> tuple[Path, ...]:
    if not isinstance(names, list):
        raise TypeError("paths are a list, even where there is one")
    places = (file.parent / Path(name).expanduser() for name in names)
    return tuple(Path(os.path.abspath(p)) for p in places)  # noqa: PTH100 - links stay as named
