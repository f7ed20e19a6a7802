import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CaptionsError, KeepsightError
from engine.evaluation import marks
from engine.evaluation.report import Result, Through
from engine.library import Library
from engine.paths import Home

QUERIES = {
    "cat": "a ginger cat",
    "rocket": "a rocket before its launch",
    "coffee": "a cup of coffee",
}


@pytest.fixture
def shelf(home: Home, pictures: Path, real_photos) -> Path:
    """An indexed folder of photos, with marks beside it."""
    for name in QUERIES:
        shutil.copy(real_photos[name], pictures / f"{name[0]}{real_photos[name].suffix}")
    (pictures / "note.txt").write_text("The deposit is three months' rent.")
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    return pictures


@pytest.fixture
def file(shelf: Path) -> Path:
    suffixes = {path.stem: path.suffix for path in shelf.iterdir()}
    rows: list[object] = [
        {"query": query, "right": [f"Pictures/{name[0]}{suffixes[name[0]]}"]}
        for name, query in QUERIES.items()
    ]
    rows.append({"query": "deposit", "right": [str(shelf / "note.txt")]})
    file = shelf.parent / "marks.json"
    file.write_text(json.dumps(rows))
    return file


def everything_in(home: Home) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for directory in (home.config, home.data)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_a_model_is_tested_on_the_library_which_stays_as_it_is(home: Home, file: Path) -> None:
    before = everything_in(home)
    answers = marks.answer(home, "starter", marks.read_marks(file))
    assert answers.best_ranks.tolist() == [1, 1, 1, 1]
    assert everything_in(home) == before


@pytest.mark.slow
def test_a_model_that_is_not_in_use_encodes_the_library_elsewhere(
    home: Home, file: Path, tiny: str
) -> None:
    before = everything_in(home)
    answers = marks.answer(home, tiny, marks.read_marks(file))
    # Weights by chance; the word of the document is found without them.
    assert np.isfinite(answers.best_ranks).all()
    assert answers.best_ranks[-1] == 1
    assert everything_in(home) == before


def test_what_the_library_has_not_seen_cannot_be_right(home: Home, file: Path, shelf: Path) -> None:
    (shelf / "new.txt").write_text("This file came after the library was indexed.")
    file.write_text(json.dumps([{"query": "file", "right": ["Pictures/new.txt"]}]))
    with pytest.raises(CaptionsError, match="not in the library"):
        marks.answer(home, "starter", marks.read_marks(file))


def test_the_rank_of_each_mark_is_told_by_model(home: Home, file: Path) -> None:
    marked = marks.read_marks(file)
    answers = marks.answer(home, "starter", marked)
    results = [
        Result.of(name, Through.LIBRARY, (marks.TASK, "any"), answers, 0.95) for name in ("a", "b")
    ]
    told = marks.ranks_as_json(marked, results)
    assert told[-1] == {"query": "deposit", "ranks": {"a": 1, "b": 1}}
    assert len(told) == 4


@pytest.mark.parametrize(
    "mark",
    [
        5,
        {"query": "cat"},
        {"query": "", "right": ["a.jpg"]},
        {"query": "cat", "right": []},
        {"query": "cat", "right": "a.jpg"},
        {"query": 5, "right": ["a.jpg"]},
        {"query": "cat", "right": [5]},
    ],
)
def test_a_mark_that_cannot_be_used_is_named(tmp_path: Path, mark: object) -> None:
    file = tmp_path / "marks.json"
    file.write_text(json.dumps([{"query": "dog", "right": ["a.jpg"]}, mark]))
    with pytest.raises(CaptionsError, match="mark 2"):
        marks.read_marks(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", "nothing"])
def test_a_file_without_marks_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "marks.json").write_text(content)
    with pytest.raises(CaptionsError, match="marks cannot be read"):
        marks.read_marks(tmp_path / "marks.json")


def test_paths_are_those_beside_the_file_or_absolute(tmp_path: Path) -> None:
    file = tmp_path / "marks.json"
    absolute = os.path.abspath("elsewhere.jpg")  # noqa: PTH100
    file.write_text(json.dumps([{"query": "dog", "right": ["x/../a.jpg", absolute]}]))
    assert marks.read_marks(file)[0].right == (tmp_path / "a.jpg", Path(absolute))


def test_an_empty_library_is_an_error_and_stays_empty(tmp_path: Path, file: Path) -> None:
    nowhere = Home.at(tmp_path / "nowhere")
    with pytest.raises(KeepsightError, match="library is empty"):
        marks.answer(nowhere, "starter", marks.read_marks(file))
    assert not (tmp_path / "nowhere").exists()
