"""The embeddings of segments under models: float16 in SQLite, the truth behind usearch."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.model_records import Kept
from engine.records import ContentId, Medium, ModelCard, ModelId, SegmentId, SegmentKind

PAGE = 4096

_TOWERS = {
    Medium.PICTURE: "image_fingerprint",
    Medium.TEXT: "text_fingerprint",
}
OF_MEDIUM = {Medium.PICTURE: "text IS NULL", Medium.TEXT: "text IS NOT NULL"}
"""Which segments are pictures and which are texts, as a condition."""

IS_OWED = f"kind != '{SegmentKind.PART}'"
"""Which segments every model embeds. Parts of photos come later, and no model waits for them."""


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
) -> NDArray[np.bool_]:
    """Stores (N, D) vectors of N segments, as far as these are still there: tells which, (N,)."""
    halves = vectors.astype("<f2")
    connection.executemany(
        "INSERT OR IGNORE INTO embeddings (segment_id, model_id, vector) "
        "SELECT id, ?, ? FROM segments WHERE id = ?",
        [
            (model_id, half.tobytes(), segment)
            for segment, half in zip(segments, halves, strict=True)
        ],
    )
    there = connection.execute(
        "SELECT id FROM segments WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(segments)),),
    )
    return np.isin(segments, [row[0] for row in there])


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
        SELECT id FROM segments WHERE {OF_MEDIUM[medium]} AND (
            EXISTS (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
            OR NOT {IS_OWED} AND content_id IN
                (SELECT content_id FROM segments JOIN embeddings ON segment_id = id
                 WHERE model_id = ?)
        )
        ORDER BY id
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


def count(connection: sqlite3.Connection, model_id: ModelId) -> int:
    """How many segments have an embedding."""
    counted: int = connection.execute(
        "SELECT count(*) FROM embeddings WHERE model_id = ?", (model_id,)
    ).fetchone()[0]
    return counted


def count_owed(connection: sqlite3.Connection, model_id: ModelId) -> int:
    """How many of the segments that every model embeds have an embedding."""
    counted: int = connection.execute(
        "SELECT count(*) FROM embeddings JOIN segments ON segments.id = segment_id "
        f"WHERE model_id = ? AND {IS_OWED}",
        (model_id,),
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
        WHERE model_id = ? AND content_id = ? AND {IS_OWED} AND {OF_MEDIUM[medium]}
        ORDER BY segment_id
        """,
        (beside, model_id, content_id),
    ).fetchall()
    if not rows:
        return np.empty((0, 0), np.float32)
    chosen = [row for row in rows if row["is_beside"]] or rows
    return np.stack([np.frombuffer(row["vector"], "<f2") for row in chosen]).astype(np.float32)
