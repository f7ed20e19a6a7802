"""When what changed in a folder has settled, by a clock that tests set."""

from itertools import pairwise
from pathlib import Path

import pytest

from engine.sources import settling
from engine.sources.settling import WHOLE, Settling


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(settling, "time", clock)
    return clock


def test_a_log_that_is_written_to_all_the_time_is_taken_once_a_minute(
    tmp_path: Path, clock: Clock
) -> None:
    log, changed = tmp_path / "a.log", Settling(tmp_path)
    taken = []
    for number in range(300):  # a line each two seconds, for ten minutes
        log.write_text(f"{number:03}" * (number + 1))
        changed.notice(Path("a.log"))
        for _ in range(4):
            clock.now += 0.5
            if changed.take():
                taken.append(clock.now - 1000)
    waits = [later - sooner for sooner, later in pairwise(taken)]
    assert taken[0] <= 2
    assert waits == sorted(waits)
    assert 60 <= waits[-1] <= 62
    clock.now += settling.HOLD_S + settling.SETTLE_S
    assert changed.take() == {Path("a.log")}, "what was written last is never lost"
    clock.now += settling.HOLD_S + settling.RECENT_S + 1
    changed.notice(Path("a.log"))
    clock.now += settling.SETTLE_S
    assert changed.take() == {Path("a.log")}, "after a rest it is taken at once"


def test_a_long_copy_is_told_while_it_goes_on(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "MANY_PATHS", 5)
    changed = Settling(tmp_path)
    told = 0
    for number in range(100):
        (tmp_path / f"{number}.jpg").write_bytes(b"x")
        changed.notice(Path(f"{number}.jpg"))
        clock.now += 0.1
        told += changed.take() == {WHOLE}
    assert told >= 2
