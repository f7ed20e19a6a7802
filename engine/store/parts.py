"""The parts of photos: segments with a box and no text, and their embeddings under a model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.readings import Box
from engine.records import ContentId, ModelId, SegmentId, SegmentKind
from engine.store import embeddings, reach

_PART, _PHOTO = f"'{SegmentKind.PART}'", f"'{SegmentKind.PHOTO}'"


@dataclass(frozen=True, slots=True)
class Whole:
    """A photo whose parts have no embeddings yet."""

    segment_id: SegmentId
    content_id: ContentId


def lacking(connection: sqlite3.Connection, model_id: ModelId) -> list[Whole]:
    """Photos that can be reached and are embedded under a model, but not in parts; newest first.

    Pages of a TIFF are none: what has several is scanned rather than photographed.
    """
    # CROSS JOIN keeps SQLite from looking through all of a model's embeddings for each photo.
    rows = connection.execute(
        f"""
        SELECT whole.id, content_id FROM segments AS whole
        CROSS JOIN ({reach.CONTENTS}) AS there USING (content_id)
        WHERE kind = {_PHOTO} AND page IS NULL AND EXISTS
            (SELECT 1 FROM embeddings WHERE segment_id = whole.id AND model_id = ?)
        AND NOT EXISTS
            (SELECT 1 FROM segments AS part CROSS JOIN embeddings
             ON segment_id = part.id AND model_id = ?
             WHERE part.content_id = whole.content_id AND part.kind = {_PART})
        ORDER BY there.newest DESC, whole.id
        """,
        (model_id, model_id),
    )
    return [Whole(SegmentId(row[0]), ContentId(row[1])) for row in rows]


def keep(
    connection: sqlite3.Connection,
    model_id: ModelId,
    whole: Whole,
    boxes: Sequence[Box],
    vectors: NDArray[np.float32],
) -> list[SegmentId]:
    """Stores the (N, D) vectors of the parts of a photo that are at N `boxes`.

    Tells their segments, which all models share: none of a photo that was forgotten meanwhile.
    """
    known = {
        row["boxes"]: SegmentId(row["id"])
        for row in connection.execute(
            f"SELECT id, boxes FROM segments WHERE content_id = ? AND kind = {_PART}",
            (whole.content_id,),
        )
    }
    segments: list[SegmentId] = []
    for written in (json.dumps([box]) for box in boxes):
        if written not in known:
            made = connection.execute(
                "INSERT INTO segments (content_id, kind, boxes) "
                f"SELECT content_id, {_PART}, ? FROM segments WHERE id = ? RETURNING id",
                (written, whole.segment_id),
            ).fetchone()
            if made is None:
                return []
            known[written] = SegmentId(made["id"])
        segments.append(known[written])
    embeddings.add(connection, model_id, segments, vectors)
    return segments


def among(connection: sqlite3.Connection, segments: Iterable[SegmentId]) -> frozenset[SegmentId]:
    """Those of `segments` that are parts of photos."""
    rows = connection.execute(
        f"SELECT id FROM segments WHERE id IN (SELECT value FROM json_each(?)) AND kind = {_PART}",
        (json.dumps(list(segments)),),
    )
    return frozenset(SegmentId(row[0]) for row in rows)


def others(connection: sqlite3.Connection, segments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of (N,) segments that are no parts of photos, in their order."""
    in_part = among(connection, segments.tolist())
    return np.array([each for each in segments.tolist() if each not in in_part], np.int64)


def drop_without_photo(connection: sqlite3.Connection, content_id: ContentId) -> None:
    """Deletes the parts of a content that has no photo any more."""
    connection.execute(
        f"""
        DELETE FROM segments WHERE content_id = ? AND kind = {_PART} AND NOT EXISTS
            (SELECT 1 FROM segments AS whole WHERE whole.content_id = segments.content_id
             AND whole.kind = {_PHOTO} AND whole.page IS NULL)
        """,
        (content_id,),
    )
