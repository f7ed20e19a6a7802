"""The embeddings of segments under models: float16 in SQLite, the truth behind usearch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.model_records import Kept
from engine.readings import Spot
from engine.records import ContentId, Medium, ModelCard, ModelId, SegmentId, SegmentKind
from engine.store.reach import among_reachable

PAGE = 4096

_TOWERS = {
    Medium.PICTURE: "image_fingerprint",
    Medium.TEXT: "text_fingerprint",
}
OF_MEDIUM = {Medium.PICTURE: "text IS NULL", Medium.TEXT: "text IS NOT NULL"}
"""Which segments are pictures and which are texts, as a condition."""

_IS_OWED = f"kind != '{SegmentKind.PART}'"
"""Which segments every model embeds. Parts of photos come later, and no model waits for them."""

REACHABLE = f"""
    SELECT content_id, max(modified_ns) AS newest FROM placements
    JOIN folders ON folders.id = folder_id
    WHERE placements.state = 'indexed' AND {among_reachable("file_id")} AND content_id IS NOT NULL
    GROUP BY content_id
"""
"""Contents that can be read, each with the time of its `newest` file."""


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A segment that has no embedding yet under some model."""

    segment_id: SegmentId
    content_id: ContentId
    spot: Spot
    text: str | None


def registered_model(connection: sqlite3.Connection, card: ModelCard) -> ModelId | None:
    """The id of the model with this card, None where it is not recorded as the card says.

    Raises ModelError where its dimension has changed.
    """
    row = connection.execute(
        "SELECT id, dimension, image_fingerprint, text_fingerprint FROM models "
        "WHERE fingerprint = ?",
        (card.fingerprint,),
    ).fetchone()
    if row is None:
        return None
    if row["dimension"] != card.dimension:
        raise ModelError(
            "The model does not fit this library",
            f"{card.name} has {card.dimension} dimensions, its embeddings here {row['dimension']}.",
        )
    towers = (row["image_fingerprint"], row["text_fingerprint"])
    is_as_said = towers == (card.image_fingerprint, card.text_fingerprint)
    return ModelId(row["id"]) if is_as_said else None


def register_model(connection: sqlite3.Connection, card: ModelCard) -> ModelId:
    """Records a model as its card says, and tells its id."""
    row = connection.execute(
        """
        INSERT INTO models (fingerprint, name, dimension, image_fingerprint, text_fingerprint)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE
        SET image_fingerprint = excluded.image_fingerprint,
            text_fingerprint = excluded.text_fingerprint
        RETURNING id
        """,
        (
            *(card.fingerprint, card.name, card.dimension),
            *(card.image_fingerprint, card.text_fingerprint),
        ),
    ).fetchone()
    return ModelId(row["id"])


def add(
    connection: sqlite3.Connection,
    model_id: ModelId,
    segments: Sequence[SegmentId],
    vectors: NDArray[np.float32],
) -> None:
    """Stores (N, D) vectors of N segments, as far as these are still there."""
    halves = vectors.astype("<f2")
    connection.executemany(
        "INSERT OR IGNORE INTO embeddings (segment_id, model_id, vector) "
        "SELECT id, ?, ? FROM segments WHERE id = ?",
        [
            (model_id, half.tobytes(), segment)
            for segment, half in zip(segments, halves, strict=True)
        ],
    )


def keys(connection: sqlite3.Connection, model_id: ModelId, medium: Medium) -> NDArray[np.int64]:
    """(N,) ids of the pictures, or of the texts, that have an embedding, ascending."""
    rows = connection.execute(
        "SELECT segment_id FROM embeddings JOIN segments ON segments.id = segment_id "
        f"WHERE model_id = ? AND {OF_MEDIUM[medium]} ORDER BY segment_id",
        (model_id,),
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def answered(
    connection: sqlite3.Connection, model_id: ModelId, medium: Medium
) -> NDArray[np.int64]:
    """(N,) ids of the pictures, or of the texts, for which no other model is to answer, ascending.

    They are those that have an embedding, and the parts of photos that have one.
    """
    rows = connection.execute(
        f"""
        SELECT id FROM segments WHERE {OF_MEDIUM[medium]} AND EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        UNION
        SELECT part.id FROM segments AS part JOIN segments USING (content_id)
        JOIN embeddings ON segment_id = segments.id AND model_id = ?
        WHERE part.{OF_MEDIUM[medium]} AND NOT part.{_IS_OWED}
        ORDER BY 1
        """,
        (model_id, model_id),
    )
    return np.fromiter((row[0] for row in rows), dtype=np.int64)


def vectors(
    connection: sqlite3.Connection, model_id: ModelId, segments: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
    """Pages of (n,) segment ids and their (n, D) vectors; `segments` must be ascending."""
    for start in range(0, len(segments), PAGE):
        page = segments[start : start + PAGE].tolist()
        marks = ", ".join("?" * len(page))
        rows = connection.execute(
            f"SELECT segment_id, vector FROM embeddings WHERE model_id = ? "
            f"AND segment_id IN ({marks}) ORDER BY segment_id",
            (model_id, *page),
        ).fetchall()
        if rows:
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            yield ids, np.frombuffer(b"".join(row[1] for row in rows), "<f2").reshape(len(rows), -1)


def missing(
    connection: sqlite3.Connection, model_id: ModelId, after: SegmentId, limit: int
) -> list[Unembedded]:
    """Up to `limit` segments with an id above `after` that have no embedding under a model."""
    rows = connection.execute(
        f"""
        SELECT id, content_id, page, second, text FROM segments
        WHERE id > ? AND {_IS_OWED} AND NOT EXISTS
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


def share_towers(connection: sqlite3.Connection, model_id: ModelId) -> None:
    """Takes over the embeddings that a model with the same image or text tower has made."""
    for theirs, values in _sharable(connection, model_id):
        connection.execute(
            "INSERT INTO embeddings (segment_id, model_id, vector) "
            f"SELECT segment_id, ?, vector {theirs}",
            (model_id, *values),
        )


def can_share(connection: sqlite3.Connection, model_id: ModelId) -> bool:
    """Whether `share_towers` has anything to take over."""
    return any(
        connection.execute(f"SELECT 1 {theirs} LIMIT 1", values).fetchone()
        for theirs, values in _sharable(connection, model_id)
    )


def _sharable(
    connection: sqlite3.Connection, model_id: ModelId
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The embeddings that a model lacks and another with the same tower has, as a FROM clause."""
    for medium, tower in _TOWERS.items():
        twins = connection.execute(
            f"SELECT other.id FROM models, models AS other WHERE models.id = ? "
            f"AND other.id != models.id AND other.dimension = models.dimension "
            f"AND other.{tower} = models.{tower} AND models.{tower} != ''",
            (model_id,),
        ).fetchall()
        for (twin,) in twins:
            yield (
                "FROM embeddings AS theirs JOIN segments ON segments.id = segment_id "
                f"WHERE model_id = ? AND {OF_MEDIUM[medium]} AND NOT EXISTS (SELECT 1 "
                "FROM embeddings WHERE segment_id = theirs.segment_id AND model_id = ?)",
                (twin, model_id),
            )


def missing_newest_first(connection: sqlite3.Connection, model_id: ModelId) -> NDArray[np.int64]:
    """(N,) ids of the segments without an embedding that can have one: those of the newest files
    first, and no picture whose every file is out of reach.
    """
    rows = connection.execute(
        f"""
        SELECT segments.id FROM segments LEFT JOIN ({REACHABLE}) AS there USING (content_id)
        WHERE {_IS_OWED} AND NOT EXISTS
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
        SELECT count(*) FROM segments LEFT JOIN ({REACHABLE}) AS there USING (content_id)
        WHERE {_IS_OWED} AND NOT EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        AND text IS NULL AND there.newest IS NULL
        AND EXISTS (SELECT 1 FROM placements WHERE content_id = segments.content_id)
        """,
        (model_id,),
    ).fetchone()[0]
    return count


def unembedded(connection: sqlite3.Connection, segments: Sequence[int]) -> list[Unembedded]:
    """The segments of these ids, as far as they are still there, in this order."""
    marks = ", ".join("?" * len(segments))
    rows = connection.execute(
        f"SELECT id, content_id, page, second, text FROM segments WHERE id IN ({marks})",
        tuple(segments),
    )
    found = {row["id"]: _unembedded(row) for row in rows}
    return [found[segment] for segment in segments if segment in found]


def count(connection: sqlite3.Connection, model_id: ModelId) -> int:
    """How many segments have an embedding."""
    counted: int = connection.execute(
        "SELECT count(*) FROM embeddings WHERE model_id = ?", (model_id,)
    ).fetchone()[0]
    return counted


def kept(connection: sqlite3.Connection) -> list[Kept]:
    """How much there is of each model that has embeddings, by name."""
    rows = connection.execute(
        """
        SELECT name, fingerprint, segments, segments * dimension AS numbers FROM models JOIN
            (SELECT model_id, count(*) AS segments FROM embeddings GROUP BY model_id)
            ON model_id = id
        ORDER BY name, id
        """
    )
    half = np.dtype("<f2").itemsize
    return [Kept(r["name"], r["fingerprint"], r["segments"], r["numbers"] * half) for r in rows]


def drop(connection: sqlite3.Connection, fingerprint: str) -> None:
    """Erases a model and its embeddings."""
    connection.execute("DELETE FROM models WHERE fingerprint = ?", (fingerprint,))


def of_content(
    connection: sqlite3.Connection,
    model_id: ModelId,
    content_id: ContentId,
    medium: Medium,
    beside: SegmentId | None = None,
) -> NDArray[np.float32]:
    """(N, D) embeddings of a content's whole pictures, or of its texts, in their order.

    Only those on the same page, or of the same moment, as the segment `beside`, where there are.
    """
    rows = connection.execute(
        f"""
        SELECT vector, EXISTS (SELECT 1 FROM segments AS one WHERE one.id = ?
            AND one.page IS segments.page AND one.second IS segments.second) AS is_beside
        FROM embeddings JOIN segments ON segments.id = segment_id
        WHERE model_id = ? AND content_id = ? AND {_IS_OWED} AND {OF_MEDIUM[medium]}
        ORDER BY segment_id
        """,
        (beside, model_id, content_id),
    ).fetchall()
    if not rows:
        return np.empty((0, 0), np.float32)
    chosen = [row for row in rows if row["is_beside"]] or rows
    return np.stack([np.frombuffer(row["vector"], "<f2") for row in chosen]).astype(np.float32)


def _unembedded(row: sqlite3.Row) -> Unembedded:
    spot = Spot(row["page"], row["second"])
    return Unembedded(SegmentId(row["id"]), ContentId(row["content_id"]), spot, row["text"])
