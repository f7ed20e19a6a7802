"""Which segments have no embedding yet under a model, and which of them can have one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.readings import Spot
from engine.records import ContentId, ModelId, SegmentId
from engine.store import reach
from engine.store.embeddings import IS_OWED


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A segment that has no embedding yet under some model."""

    segment_id: SegmentId
    content_id: ContentId
    spot: Spot
    text: str | None


def missing(
    connection: sqlite3.Connection, model_id: ModelId, after: SegmentId, limit: int
) -> list[Unembedded]:
    """Up to `limit` segments with an id above `after` that have no embedding under a model."""
    rows = connection.execute(
        f"""
        SELECT id, content_id, page, second, text FROM segments
        WHERE id > ? AND {IS_OWED} AND NOT EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        ORDER BY id LIMIT ?
        """,
        (after, model_id, limit),
    )
    return [_unembedded(row) for row in rows]


def newest_segment(connection: sqlite3.Connection) -> SegmentId:
    """The highest id of a segment, 0 where there is none: what comes later gets a higher one."""
    row = connection.execute("SELECT coalesce(max(id), 0) FROM segments").fetchone()
    return SegmentId(row[0])


def missing_newest_first(connection: sqlite3.Connection, model_id: ModelId) -> NDArray[np.int64]:
    """(N,) ids of the segments without an embedding that can have one: those of the newest files
    first, and no picture whose every file is out of reach.
    """
    rows = connection.execute(
        f"""
        SELECT segments.id FROM segments LEFT JOIN ({reach.CONTENTS}) AS there USING (content_id)
        WHERE {IS_OWED} AND NOT EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        AND (text IS NOT NULL OR there.newest IS NOT NULL)
        ORDER BY there.newest DESC NULLS LAST, segments.id
        """,
        (model_id,),
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def count_out_of_reach(connection: sqlite3.Connection, model_id: ModelId) -> int:
    """How many pictures have no embedding, and cannot have one before a drive is back."""
    count: int = connection.execute(
        f"""
        SELECT count(*) FROM segments LEFT JOIN ({reach.CONTENTS}) AS there USING (content_id)
        WHERE {IS_OWED} AND NOT EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        AND text IS NULL AND there.newest IS NULL
        AND EXISTS (SELECT 1 FROM placements WHERE content_id = segments.content_id)
        """,
        (model_id,),
    ).fetchone()[0]
    return count


def of_ids(connection: sqlite3.Connection, segments: Sequence[int]) -> list[Unembedded]:
    """The segments of these ids, as far as they are still there, in this order."""
    marks = ", ".join("?" * len(segments))
    rows = connection.execute(
        f"SELECT id, content_id, page, second, text FROM segments WHERE id IN ({marks})",
        tuple(segments),
    )
    found = {row["id"]: _unembedded(row) for row in rows}
    return [found[segment] for segment in segments if segment in found]


def _unembedded(row: sqlite3.Row) -> Unembedded:
    spot = Spot(row["page"], row["second"])
    return Unembedded(SegmentId(row["id"]), ContentId(row["content_id"]), spot, row["text"])
