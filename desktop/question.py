"""Keeps what is asked, how much of the answer is wanted so far, and the answer itself."""

from __future__ import annotations

from dataclasses import replace

from engine.search_records import Query, SearchResult

FIRST_HITS = 200
FIRST_NEWEST = 2_000
MORE = 4
"""How many times as many hits are asked for when one comes to the end."""


class Question:
    """What was asked last. However many hits are asked for, it is the same question."""

    def __init__(self) -> None:
        self.query = Query(limit=FIRST_NEWEST)
        self.answer: SearchResult | None = None

    def ask(self, query: Query) -> Query:
        """What to search for: few hits of what is new, all that were wanted of what is not."""
        if query != replace(self.query, limit=query.limit):
            first = FIRST_NEWEST if query.is_empty else FIRST_HITS
            self.query = replace(query, limit=first)
        return self.query

    def ask_for_more(self) -> Query | None:
        """What to search for at the end of the hits: None where these are all, or on their way."""
        answer = self.answer
        if answer is None or answer.query != self.query or all_known(answer):
            return None
        self.query = replace(self.query, limit=MORE * self.query.limit)
        return self.query

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer already, though more or a newer one may be on its way."""
        answer = self.answer
        return answer is not None and replace(answer.query, limit=self.query.limit) == self.query


def all_known(result: SearchResult) -> bool:
    """Whether an answer ends because there is no more, rather than where it was told to."""
    return len(result.hits) < result.query.limit
