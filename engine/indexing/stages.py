"""Runs a step of a pipeline ahead of the one that consumes it, within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ahead(
    items: Iterable[Item], submit: Callable[[Item], Future[Result]], window: int
) -> Iterator[tuple[Item, Result]]:
    """Yields each item with the result of `submit(item)`, in order, at most `window` in flight."""
    flying: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            flying.append((item, submit(item)))
            if len(flying) >= window:
                first, future = flying.popleft()
                yield first, future.result()
        while flying:
            first, future = flying.popleft()
            yield first, future.result()
    finally:
        for _, future in flying:
            future.cancel()
