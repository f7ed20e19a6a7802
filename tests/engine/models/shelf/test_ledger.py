"""The network ledger: nothing is missing, whatever happens in between."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.models.shelf.ledger import Ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "network.jsonl"


def test_there_is_nothing_before_the_first_request(file):
    assert Ledger(file).requests() == ()


def test_a_request_is_there_before_and_after_its_end_and_counts_once(file):
    ledger = Ledger(file)
    request = ledger.asked("hub.example", "installing a-model")
    assert [(one.host, one.outcome) for one in ledger.requests()] == [("hub.example", "no answer")]
    ledger.over(request, 1234, "200")
    (one,) = Ledger(file).requests()
    assert (one.why, one.received_bytes, one.outcome) == ("installing a-model", 1234, "200")
    assert datetime.fromisoformat(one.when).tzinfo == UTC


def test_it_is_only_ever_appended_to(file):
    ledger = Ledger(file)
    ledger.over(ledger.asked("one.example", "a"), 1, "200")
    before = file.read_bytes()
    ledger.asked("two.example", "b")
    assert file.read_bytes().startswith(before)
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_a_line_that_was_cut_off_hides_no_other(file):
    ledger = Ledger(file)
    ledger.asked("one.example", "a")
    with file.open("a") as out:
        out.write('{"id": "x", "wh\n[1]\n{"id": "y"}\n')
    ledger.asked("two.example", "b")
    assert [one.host for one in ledger.requests()] == ["one.example", "two.example"]


def test_it_is_readable_by_its_owner_only(file):
    Ledger(file).asked("one.example", "a")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_cannot_be_written_must_not_be_sent(tmp_path, caplog):
    ledger = Ledger(tmp_path / "missing" / "network.jsonl")
    with pytest.raises(ModelError, match="ledger cannot be written"):
        ledger.asked("one.example", "a")


def test_an_end_that_cannot_be_written_leaves_the_request_standing(file, caplog):
    ledger = Ledger(file)
    request = ledger.asked("one.example", "a")
    kept = file.rename(file.with_suffix(".kept"))
    file.mkdir()
    ledger.over(request, 1, "200")
    assert "cannot be written" in caplog.text
    assert Ledger(kept).requests()[0].outcome == "no answer"
