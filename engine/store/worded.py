"""Finds contents by their words: in their texts, in what they say of themselves, in their names.

Each content is found once, by its best row under BM25 (Robertson & Zaragoza, 2009), so that one of
many passages leaves room for the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from engine.records import ContentId, SegmentId
from engine.store import folding
from engine.store.embeddings import IS_OWED
from engine.store.filtering import marks, placed

MOST_RANKED = 20_000
"""Of more rows than these that have the words, the newest are looked at: a word that stands in
every name, as `img`, tells none from another, and to rank them all takes seconds."""


class Worded(NamedTuple):
    """A content by its passage that has the words best, and the share of its segments that do.

    The parts of a photo are none: to look closer at it makes its text no smaller.
    """

    content_id: ContentId
    segment_id: SegmentId
    share: float


class Named(NamedTuple):
    """A content by a name of a file of it, and whether that is the very name asked for."""

    content_id: ContentId
    is_exact: bool


Among = Collection[ContentId] | None
"""The contents that may be found; None is all that are anywhere."""


def by_passages(
    connection: sqlite3.Connection, expression: str, among: Among, limit: int
) -> list[Worded]:
    """Contents one of whose passages satisfies `expression`, best first."""
    rows = _best(connection, "passage_words", "segments.content_id", expression, among, limit)
    segments: dict[int, int] = dict(
        connection.execute(
            "SELECT content_id, count(*) FROM segments "
            f"WHERE content_id IN ({marks(rows)}) AND {IS_OWED} GROUP BY content_id",
            [content for content, *_ in rows],
        ).fetchall()
    )
    return [
        Worded(ContentId(content), SegmentId(segment), matching / segments[content])
        for content, segment, matching in rows
    ]


def by_details(
    connection: sqlite3.Connection, expression: str, among: Among, limit: int
) -> list[ContentId]:
    """Contents whose details satisfy `expression`, best first."""
    rows = _best(connection, "detail_words", "contents.id", expression, among, limit)
    return [ContentId(content) for content, *_ in rows]


def by_names(
    connection: sqlite3.Connection, name: str, expression: str, among: Among, limit: int
) -> list[Named]:
    """Contents that have a name that satisfies `expression`: first files, then what is in files.

    Those with a file of the very name `name` come before the others, the newest first: with its
    extension or without, in any case, so that `img_5910` is the name of IMG_5910.JPG.
    """
    found: dict[ContentId, bool] = {}
    for words, owner, path in (
        ("name_words", "files.content_id", "relative"),
        ("member_words", "members.content_id", "name"),
    ):
        matching = _matching(connection, words, owner, among, f"rank, extension, {path} AS path")
        rows = connection.execute(
            f"""
            SELECT owner, min(rank) AS best,
                   max(iif(last_name(path) IN (?, ? || '.' || extension), row, 0)) AS named
            FROM ({matching}) GROUP BY owner ORDER BY named DESC, best, owner LIMIT ?
            """,
            (*(folding.folded(name),) * 2, expression, limit),
        )
        for content, _, is_exact in rows:
            found[content] = found.get(content, False) or bool(is_exact)
    in_order = sorted(found, key=lambda content: not found[content])
    return [Named(content, found[content]) for content in in_order]


def _best(
    connection: sqlite3.Connection,
    words: str,
    owner: str,
    expression: str,
    among: Among,
    limit: int,
) -> list[tuple[int, int, int]]:
    """(content, its best row of `words`, how many match), best first; `owner` is the column that
    says whose a row is."""
    matching = _matching(connection, words, owner, among, "rank")
    # SQLite takes the row's id from the row that holds the min(): the lower a rank, the better.
    rows = connection.execute(
        f"""
        SELECT owner, row, min(rank) AS best, count(*) AS matching FROM ({matching})
        GROUP BY owner ORDER BY best, owner LIMIT ?
        """,
        (expression, limit),
    )
    return [(row["owner"], row["row"], row["matching"]) for row in rows]


def _matching(
    connection: sqlite3.Connection, words: str, owner: str, among: Among, columns: str
) -> str:
    """A query for the rows of `words` that match and are `among` those, with a value to match.

    They come with their `owner` and with `columns`. It is to be run before another is made.
    """
    is_meant = placed(owner)
    if among is not None:
        connection.create_function("is_among", 1, among.__contains__)
        is_meant = f"is_among({owner})"
    table = owner.partition(".")[0]
    return f"""
        SELECT {owner} AS owner, {words}.rowid AS row, {columns}
        FROM {words} CROSS JOIN {table} ON {table}.id = {words}.rowid
        WHERE {words} MATCH ? AND {is_meant}
        ORDER BY {words}.rowid DESC LIMIT {MOST_RANKED}
        """
