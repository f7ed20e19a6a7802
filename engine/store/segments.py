"""The segments of contents: the smallest things that a search returns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence

from engine.readings import Box, Kind, Passage, Picture, Reading
from engine.records import ContentId, SegmentId, SegmentKind
from engine.store import fulltext, parts

_PICTURES = {
    Kind.PHOTO: SegmentKind.PHOTO,
    Kind.DOCUMENT: SegmentKind.PAGE,
    Kind.VIDEO: SegmentKind.MOMENT,
}
_MADE_LATER = (SegmentKind.RECOGNISED, SegmentKind.PART)
"""What is made of pictures that were read, and not by a reader."""

_KEY = ("kind", "page", "second", "text", "start_char", "end_char", "section", "boxes")

_Key = tuple[object, ...]


def keep(
    connection: sqlite3.Connection, content_id: ContentId, reading: Reading
) -> list[tuple[SegmentId, int]]:
    """Makes the segments of a content those of `reading`, and tells which pictures are new.

    Each new picture is given by its segment and its place in `reading.pictures`. What is there
    already stays, with its embeddings; so does text that was recognised, as it is read elsewhere,
    and the parts of a photo, for as long as that is there.
    """
    former = _keys(connection, content_id, set(SegmentKind).difference(_MADE_LATER))
    fresh: list[tuple[SegmentId, int]] = []
    for number, picture in enumerate(reading.pictures):
        key = _picture_key(_PICTURES[reading.kind], picture)
        if former.pop(key, None) is None:
            fresh.append((_insert(connection, content_id, key), number))
    _keep_passages(connection, content_id, SegmentKind.PASSAGE, reading.passages, former)
    _delete(connection, former.values())
    parts.drop_without_photo(connection, content_id)
    return fresh


def keep_recognised(
    connection: sqlite3.Connection, content_id: ContentId, passages: Sequence[Passage]
) -> None:
    """Makes `passages` the text that was recognised in a content's pictures."""
    former = _keys(connection, content_id, {SegmentKind.RECOGNISED})
    _keep_passages(connection, content_id, SegmentKind.RECOGNISED, passages, former)
    _delete(connection, former.values())


def passages(connection: sqlite3.Connection, content_id: ContentId) -> list[Passage]:
    """The text of a content, as it was written or else recognised, in reading order."""
    rows = connection.execute(
        "SELECT text, start_char, end_char, page, section, boxes FROM segments "
        "WHERE content_id = ? AND text IS NOT NULL ORDER BY kind, start_char",
        (content_id,),
    )
    return [
        Passage(
            row["text"],
            row["start_char"],
            row["end_char"],
            row["page"],
            row["section"],
            boxes_of(row["boxes"]),
        )
        for row in rows
    ]


def boxes_of(written: str) -> tuple[Box, ...]:
    """The boxes in a row."""
    return tuple(Box(*box) for box in json.loads(written))


def _keep_passages(
    connection: sqlite3.Connection,
    content_id: ContentId,
    kind: SegmentKind,
    passages: Iterable[Passage],
    former: dict[_Key, SegmentId],
) -> None:
    for passage in passages:
        boxes = json.dumps([[round(side, 4) for side in box] for box in passage.boxes])
        place = (passage.start, passage.end, passage.section, boxes)
        key = (kind, passage.page, None, passage.text, *place)
        if former.pop(key, None) is None:
            segment_id = _insert(connection, content_id, key)
            fulltext.index_passage(connection, segment_id, passage.text)


def _keys(
    connection: sqlite3.Connection, content_id: ContentId, kinds: Collection[SegmentKind]
) -> dict[_Key, SegmentId]:
    rows = connection.execute(
        f"SELECT id, {', '.join(_KEY)} FROM segments "
        f"WHERE content_id = ? AND kind IN ({', '.join('?' * len(kinds))})",
        (content_id, *kinds),
    )
    return {tuple(row)[1:]: SegmentId(row["id"]) for row in rows}


def _picture_key(kind: SegmentKind, picture: Picture) -> _Key:
    return (kind, picture.spot.page, picture.spot.second, None, None, None, "", "[]")


def _insert(connection: sqlite3.Connection, content_id: ContentId, key: _Key) -> SegmentId:
    marks = ", ".join("?" * (len(_KEY) + 1))
    row = connection.execute(
        f"INSERT INTO segments (content_id, {', '.join(_KEY)}) VALUES ({marks}) RETURNING id",
        (content_id, *key),
    )
    return SegmentId(row.fetchone()[0])


def _delete(connection: sqlite3.Connection, segments: Iterable[SegmentId]) -> None:
    connection.executemany("DELETE FROM segments WHERE id = ?", [(id_,) for id_ in segments])
