from pathlib import Path

import pytest

from engine.errors import RecipeError
from engine.training.publishing.runs import RunRecord, append, failed, read


def record(name: str, **changed: object) -> RunRecord:
    return RunRecord(
        name=name,
        what="A larger batch.",
        when="2026-01-31",
        seed=7,
        seconds=61.5,
        machine="2 cores",
        steps=100,
        photos_seen=9_600,
        **changed,
    )


def test_runs_are_read_in_the_order_they_were_added(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "runs.jsonl"
    some = (
        record("first", dev={"recall@10": 61.25}, recipe={"stages": [{"epochs": 2}]}),
        record("second", ended=failed("the loss became NaN at step 3")),
    )
    for run in some:
        append(file, run)
    assert read(file) == some
    assert read(file)[1].ended == "failed: the loss became NaN at step 3"


def test_where_nothing_ran_there_are_no_runs(tmp_path: Path) -> None:
    assert read(tmp_path / "runs.jsonl") == ()


def test_a_line_that_was_cut_off_loses_no_other_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    append(file, record("first"))
    with file.open("ab") as opened:
        opened.write(b'{"name": "sec')
    append(file, record("third"))
    with pytest.raises(RecipeError, match="line 2") as caught:
        read(file)
    assert caught.value.path == file
    lines = file.read_bytes().splitlines()
    file.write_bytes(lines[0] + b"\n" + lines[2])
    assert [run.name for run in read(file)] == ["first", "third"]
