"""The questions asked one after another, to go back to and forth again."""

from __future__ import annotations

from dataclasses import dataclass, field

from desktop.picture_chip import Example
from engine.search_records import Query


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and how the picture that is part of it shows."""

    query: Query = field(default_factory=Query)
    example: Example | None = None


class History:
    """Begins with the empty question. Of one that is typed in several goes, keeps the last."""

    def __init__(self) -> None:
        self._all = [Asked()]
        self._place = 0
        self._settled = True

    @property
    def now(self) -> Asked:
        """The question that is asked now."""
        return self._all[self._place]

    @property
    def can_go_back(self) -> bool:
        """Whether there is a question before this one."""
        return self._place > 0

    def note(self, asked: Asked) -> Asked | None:
        """Takes up what is asked now; the question that was left for it, if it is a new one."""
        before = self.now
        if asked.query == before.query:
            return None
        goes_on = not self._settled and _goes_on(before.query, asked.query)
        self._place += 0 if goes_on else 1
        self._all[self._place :] = [asked]
        self._settled = False
        return None if goes_on else before

    def settle(self) -> None:
        """Keeps the question asked now, though what is asked next may go on from it."""
        self._settled = True

    def go(self, steps: int) -> Asked | None:
        """The question some steps back (below 0) or forth; None where there is none."""
        if not steps or not 0 <= self._place + steps < len(self._all):
            return None
        self._place += steps
        self._settled = True
        return self.now


def _goes_on(before: Query, after: Query) -> bool:
    """Whether one question is another with more words typed."""
    return (
        bool(before.text.strip())
        and after.text.startswith(before.text)
        and (before.picture, before.like, before.like_segment)
        == (after.picture, after.like, after.like_segment)
    )
