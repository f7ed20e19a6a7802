import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Phase
from engine.indexing import progress
from engine.indexing.progress import Meter


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_rate_and_time_left_follow_the_last_seconds(clock) -> None:
    meter = Meter()
    meter.start()
    meter.expect(1000)
    for _ in range(20):  # slow at first: one file a second
        clock[0] += 1
        meter.advance(done=1, skipped=0)
    for _ in range(40):  # then ten
        clock[0] += 1
        meter.advance(done=10, skipped=1)
    told = meter.told(Phase.INDEXING)
    assert (told.done, told.total, told.skipped) == (420, 1000, 40)
    assert told.files_per_s == pytest.approx(10, rel=0.1)
    assert told.seconds_left == pytest.approx(58, rel=0.1)


def test_nothing_is_promised_before_anything_is_done(clock) -> None:
    meter = Meter()
    meter.start()
    meter.expect(50)
    assert meter.told(Phase.INDEXING).seconds_left is None


def test_the_first_of_what_takes_long_tells_how_long_the_others_take(clock) -> None:
    meter = Meter()
    meter.start()
    clock[0] += 10
    meter.reach(1, 11)
    assert meter.told(Phase.RECOGNISING).seconds_left == pytest.approx(100)


def test_a_new_run_counts_from_nought(clock) -> None:
    meter = Meter()
    meter.expect(5)
    meter.advance(done=5, skipped=2)
    meter.start()
    told = meter.told(Phase.IDLE)
    assert (told.done, told.total, told.skipped, told.files_per_s) == (0, 0, 0, 0.0)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("expect"), st.integers(0, 50)),
            st.tuples(st.just("advance"), st.integers(0, 50)),
        )
    )
)
def test_no_more_is_done_than_there_is(steps: list[tuple[str, int]]) -> None:
    meter = Meter()
    meter.start()
    for step, count in steps:
        if step == "expect":
            meter.expect(count)
        else:
            meter.advance(done=count, skipped=0)
        told = meter.told(Phase.INDEXING)
        assert 0 <= told.done <= told.total
        assert told.seconds_left is None or told.seconds_left >= 0
