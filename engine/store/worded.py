"""Finds contents by their words: in their texts, in what they say of themselves, in their names.

Each content is found once, by its best row under BM25 (Robertson & Zaragoza, 2009), so that one of
many passages leaves room for the others.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from engine.records import ContentId, Filters, SegmentId
from engine.store import folding
from engine.store.filtering import satisfying

MOST_RANKED = 20_000
"""Of more rows than these that have the words, the newest are looked at: a word that stands in
every name, as `img`, tells none from another, and to rank them all takes seconds."""


class Worded(NamedTuple):
    """A content by its passage that has the words best, and the share of its segments that do."""

    content_id: ContentId
    segment_id: SegmentId
    share: float


def by_passages(
    connection: sqlite3.Connection, expression: str, filters: Filters, limit: int
) -> list[Worded]:
    """Contents one of whose passages satisfies `expression`, best first."""
    rows = _best(connection, "passage_words", "segments.content_id", expression, filters, limit)
    marks = ", ".join("?" * len(rows))
    segments: dict[int, int] = dict(
        connection.execute(
            f"SELECT content_id, count(*) FROM segments WHERE content_id IN ({marks}) "
            "GROUP BY content_id",
            [content for content, *_ in rows],
        ).fetchall()
    )
    return [
        Worded(ContentId(content), SegmentId(segment), matching / segments[content])
        for content, segment, matching in rows
    ]


def by_details(
    connection: sqlite3.Connection, expression: str, filters: Filters, limit: int
) -> list[ContentId]:
    """Contents whose details satisfy `expression`, best first."""
    rows = _best(connection, "detail_words", "contents.id", expression, filters, limit)
    return [ContentId(content) for content, *_ in rows]


def by_names(
    connection: sqlite3.Connection, expression: str, filters: Filters, limit: int
) -> list[ContentId]:
    """Contents that have a name that satisfies `expression`: first files, then what is in files."""
    rows = _best(connection, "name_words", "files.content_id", expression, filters, limit)
    rows += _best(connection, "member_words", "members.content_id", expression, filters, limit)
    return list(dict.fromkeys(ContentId(content) for content, *_ in rows))


def named(
    connection: sqlite3.Connection, name: str, expression: str, filters: Filters, limit: int
) -> list[ContentId]:
    """Of the contents that `by_names` finds, those with a file of this very name, the newest first.

    With its extension or without, in any case: `img_5910` is the name of IMG_5910.JPG.
    """
    found: list[int] = []
    for words, owner, path in (
        ("name_words", "files.content_id", "relative"),
        ("member_words", "members.content_id", "name"),
    ):
        matching, values = _matching(words, owner, filters, f"extension, {path} AS path")
        rows = connection.execute(
            f"""
            SELECT owner FROM ({matching}) WHERE last_name(path) IN (?, ? || '.' || extension)
            ORDER BY row DESC LIMIT ?
            """,
            (expression, *values, *(folding.folded(name),) * 2, limit),
        )
        found += (row[0] for row in rows)
    return list(dict.fromkeys(map(ContentId, found)))


def _best(
    connection: sqlite3.Connection,
    words: str,
    owner: str,
    expression: str,
    filters: Filters,
    limit: int,
) -> list[tuple[int, int, int]]:
    """(content, its best row of `words`, how many match), best first; `owner` is the column that
    says whose a row is."""
    matching, values = _matching(words, owner, filters, "rank")
    # SQLite takes the row's id from the row that holds the min(): the lower a rank, the better.
    rows = connection.execute(
        f"""
        SELECT owner, row, min(rank) AS best, count(*) AS matching FROM ({matching})
        GROUP BY owner ORDER BY best, owner LIMIT ?
        """,
        (expression, *values, limit),
    )
    return [(row["owner"], row["row"], row["matching"]) for row in rows]


def _matching(words: str, owner: str, filters: Filters, columns: str) -> tuple[str, list[object]]:
    """A query for the rows of `words` that match and satisfy `filters`, and the values in it.

    They come with their `owner` and with `columns`. The expression to match is the first value.
    """
    asked, values = satisfying(owner, filters)
    table = owner.partition(".")[0]
    return (
        f"""
        SELECT {owner} AS owner, {words}.rowid AS row, {columns}
        FROM {words} CROSS JOIN {table} ON {table}.id = {words}.rowid
        WHERE {words} MATCH ? AND {asked}
        ORDER BY {words}.rowid DESC LIMIT {MOST_RANKED}
        """,
        values,
    )
