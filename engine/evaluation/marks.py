"""Tests models on a person's own library, by the right answers that this person marked.

The marks are JSON: a list of `query` and `right`, the paths of right answers, absolute or beside
the file of marks. Each model answers in a copy of the library's database, so that the library stays
as it is; what the model has not encoded yet is encoded there, from the person's files.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import settings
from engine.errors import CaptionsError
from engine.evaluation.report import Progress, Result
from engine.library import Library
from engine.paths import Home, shown
from engine.search_records import Query
from engine.store.database import copy_database
from engine.training.metrics import Answers, Ranks, ranks_in_list

TASK = "marks"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person would ask, and the files that are right answers."""

    query: str
    right: tuple[Path, ...]


def read_marks(file: Path) -> list[Mark]:
    """Reads a file of marks. Raises CaptionsError, naming the mark that cannot be used."""
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CaptionsError("The marks cannot be read", f"{shown(file)}: {error}", file) from error
    if not isinstance(rows, list) or not rows:
        raise CaptionsError(
            "The marks cannot be read", f"{shown(file)} must hold a list of marks.", file
        )
    marks = []
    for number, row in enumerate(rows, 1):
        try:
            if not isinstance(row["right"], list) or not row["right"] or not row["query"].strip():
                raise ValueError("nothing is asked, or nothing is right")
            marks.append(Mark(row["query"], tuple(_place(file, name) for name in row["right"])))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CaptionsError(
                "The marks cannot be read",
                f"{shown(file)}, mark {number}: {error!r}. Each must have a “query” and, under "
                "“right”, a list of paths.",
                file,
            ) from error
    return marks


def answer(
    home: Home, model: str, marks: Sequence[Mark], on_progress: Progress = lambda *_: None
) -> Answers:
    """Where `model` ranks the right answers in the library of `home`, which is only read.

    Raises CaptionsError where a right answer is not in the library, ModelError, or what is wrong
    with the library's database.
    """
    if not home.database.exists():
        raise CaptionsError("The library is empty", "Index a folder first: keepsight index FOLDER.")
    with tempfile.TemporaryDirectory(prefix="keepsight-eval-") as directory:
        copy = Home.at(Path(directory)).create()
        copy_database(home.database, copy.database)
        if home.adapters.exists():
            shutil.copytree(home.adapters, copy.adapters)
        settings.save(copy, settings.Settings(model=model))
        with Library.open(copy) as library:
            # Without a folder: nothing is looked through, and what has no vector yet gets one.
            for progress in library.index(()):
                on_progress("Encoding", progress.done, progress.total)
            return _answers(library, marks, on_progress)


def ranks_as_json(marks: Sequence[Mark], results: Sequence[Result]) -> list[dict[str, object]]:
    """The rank of each mark's first right answer, by model; None where it was not found."""
    return [
        {
            "query": mark.query,
            "ranks": {
                result.model: int(rank) if math.isfinite(rank) else None
                for result in results
                for rank in [result.answers.best_ranks[number]]
            },
        }
        for number, mark in enumerate(marks)
    ]


def _answers(library: Library, marks: Sequence[Mark], on_progress: Progress) -> Answers:
    contents = library.contents_by_path()
    found: list[Ranks] = []
    for number, mark in enumerate(marks, 1):
        for path in mark.right:
            if path not in contents:
                raise CaptionsError(
                    "A right answer is not in the library",
                    f"{shown(path)}, marked for “{mark.query}”, is in no watched folder or was "
                    "skipped; `keepsight doctor` tells why.",
                    path,
                )
        ranked = library.rank(Query(mark.query, limit=max(1, len(contents))))
        right = dict.fromkeys((contents[path] for path in mark.right), 1.0)
        found.append(ranks_in_list([entry.content_id for entry in ranked], right))
        on_progress("Searching", number, len(marks))
    return Answers.of(found)


def _place(file: Path, name: str) -> Path:
    path = Path(name).expanduser()
    return Path(os.path.abspath(file.parent / path))  # noqa: PTH100 - links stay as they are named
