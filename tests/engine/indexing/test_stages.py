from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.indexing.stages import ahead


def done(value: int) -> Future[int]:
    future: Future[int] = Future()
    future.set_result(value * 10)
    return future


@given(st.lists(st.integers()), st.integers(1, 9))
def test_every_item_comes_once_in_order_with_its_result(items: list[int], window: int) -> None:
    assert list(ahead(items, done, window)) == [(item, item * 10) for item in items]


@given(st.integers(1, 9), st.integers(0, 40))
def test_no_more_than_the_window_is_in_flight(window: int, count: int) -> None:
    flying = 0
    most = 0

    def items() -> Iterator[int]:
        nonlocal flying, most
        for item in range(count):
            flying += 1
            most = max(most, flying)
            yield item

    for _ in ahead(items(), done, window):
        flying -= 1
    assert most <= window


def test_what_is_in_flight_is_cancelled_when_the_consumer_stops() -> None:
    futures: list[Future[int]] = []

    def submit(item: int) -> Future[int]:
        futures.append(done(item) if item == 0 else Future())
        return futures[-1]

    steps = ahead(range(100), submit, 4)
    assert next(steps) == (0, 0)
    steps.close()
    assert len(futures) == 4
    assert all(future.cancelled() for future in futures[1:])


def test_an_error_reaches_the_consumer_and_cancels_the_rest() -> None:
    futures: list[Future[int]] = []

    def submit(item: int) -> Future[int]:
        future: Future[int] = Future()
        if item == 0:
            future.set_exception(OSError("disk full"))
        futures.append(future)
        return future

    with pytest.raises(OSError, match="disk full"):
        list(ahead(range(10), submit, 3))
    assert all(future.cancelled() for future in futures[1:])
