"""The embeddings of segments under models: float16 in SQLite, the truth behind usearch."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.records import ContentId, ModelCard, ModelId, SegmentId, SegmentKind

PAGE = 4096


@dataclass(frozen=True, slots=True)
class Unembedded:
    """A segment that has no embedding yet under some model."""

    segment_id: SegmentId
    content_id: ContentId
    kind: SegmentKind
    text: str | None


def register_model(connection: sqlite3.Connection, card: ModelCard) -> ModelId:
    """The id of the model with this card; ModelError where its dimension has changed."""
    connection.execute(
        "INSERT INTO models (fingerprint, name, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (card.fingerprint, card.name, card.dimension),
    )
    row = connection.execute(
        "SELECT id, dimension FROM models WHERE fingerprint = ?", (card.fingerprint,)
    ).fetchone()
    if row["dimension"] != card.dimension:
        raise ModelError(
            "The model does not fit this library",
            f"{card.name} has {card.dimension} dimensions, its embeddings here {row['dimension']}.",
        )
    return ModelId(row["id"])


def add(
    connection: sqlite3.Connection,
    model_id: ModelId,
    segments: Sequence[SegmentId],
    vectors: NDArray[np.float32],
) -> None:
    """Stores (N, D) vectors of N segments."""
    halves = vectors.astype("<f2")
    connection.executemany(
        "INSERT OR IGNORE INTO embeddings (segment_id, model_id, vector) VALUES (?, ?, ?)",
        [
            (segment, model_id, half.tobytes())
            for segment, half in zip(segments, halves, strict=True)
        ],
    )


def keys(connection: sqlite3.Connection, model_id: ModelId, kind: SegmentKind) -> NDArray[np.int64]:
    """(N,) ids of the segments of `kind` that have an embedding, ascending."""
    rows = connection.execute(
        "SELECT segment_id FROM embeddings JOIN segments ON segments.id = segment_id "
        "WHERE model_id = ? AND kind = ? ORDER BY segment_id",
        (model_id, kind),
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
        """
        SELECT id, content_id, kind, text FROM segments
        WHERE id > ? AND NOT EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = segments.id AND model_id = ?)
        ORDER BY id LIMIT ?
        """,
        (after, model_id, limit),
    )
    return [
        Unembedded(
            SegmentId(row["id"]),
            ContentId(row["content_id"]),
            SegmentKind(row["kind"]),
            row["text"],
        )
        for row in rows
    ]


def of_content(
    connection: sqlite3.Connection, model_id: ModelId, content_id: ContentId
) -> NDArray[np.float32]:
    """(N, D) embeddings of a content's segments, in their order."""
    rows = connection.execute(
        "SELECT vector FROM embeddings JOIN segments ON segments.id = segment_id "
        "WHERE model_id = ? AND content_id = ? ORDER BY segment_id",
        (model_id, content_id),
    ).fetchall()
    if not rows:
        return np.empty((0, 0), np.float32)
    return np.stack([np.frombuffer(row[0], "<f2") for row in rows]).astype(np.float32)
