"""Which hits are selected, which one is current, and where a range of them began."""

from __future__ import annotations

from collections.abc import Callable, Set


class Selection:
    """Indices of hits. The current one is what the keyboard acts on; it need not be selected."""

    def __init__(self) -> None:
        self._chosen: set[int] = set()
        self._current: int | None = None
        self._anchor: int | None = None

    @property
    def chosen(self) -> Set[int]:
        """Those that are selected."""
        return self._chosen

    @property
    def current(self) -> int | None:
        """The one that was chosen last."""
        return self._current

    @property
    def target(self) -> int | None:
        """The one of those selected that is acted on where it can be only one."""
        return self._current if self._current in self._chosen else min(self._chosen, default=None)

    def choose(self, index: int, *, add: bool = False, extend: bool = False) -> None:
        """Makes one current and selects it alone; `add` turns it on or off besides the others.

        With `extend` the range from where it began up to this one is selected instead, and with
        both besides the others.
        """
        if extend and self._anchor is not None:
            low, high = sorted((self._anchor, index))
            self._chosen = (self._chosen if add else set()) | set(range(low, high + 1))
        else:
            self._chosen = self._chosen ^ {index} if add else {index}
            self._anchor = index
        self._current = index

    def hold(self, index: int) -> None:
        """Makes one current that is selected already, and leaves the others selected."""
        self._current = self._anchor = index

    def choose_all(self, count: int) -> None:
        """Selects the first `count`; the current one stays."""
        self._chosen = set(range(count))

    def clear(self) -> None:
        """Selects none; the current one stays."""
        self._chosen = set()

    def move(self, place_of: Callable[[int], int | None]) -> None:
        """Follows hits to their new places; those that have none are let go."""

        def moved(index: int | None) -> int | None:
            return place_of(index) if index is not None else None

        places = map(place_of, self._chosen)
        self._chosen = {index for index in places if index is not None}
        self._current = moved(self._current)
        anchor = moved(self._anchor)
        self._anchor = self._current if anchor is None else anchor
