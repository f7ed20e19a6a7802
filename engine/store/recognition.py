"""Which contents still have pictures whose text was not looked for, and the text that was found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from engine.readings import WHOLE, Passage, Spot
from engine.records import ContentId, SegmentId
from engine.store import segments
from engine.store.reach import among_reachable


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A content whose pictures may hold text; `photo` is the segment of one that is a photo."""

    content_id: ContentId
    spots: tuple[Spot, ...]
    photo: SegmentId | None


def unrecognised(connection: sqlite3.Connection, version: int) -> list[Unrecognised]:
    """Contents that can be reached and that no recogniser of `version` has looked at.

    Those that are documents come first, then photos, the newest first.
    """
    rows = connection.execute(
        f"""
        SELECT contents.id, kind, textless, max(modified_ns) AS newest,
               (SELECT min(id) FROM segments WHERE content_id = contents.id AND kind = 'photo')
                   AS photo,
               (SELECT json_group_array(page) FROM segments WHERE content_id = contents.id
                    AND kind = 'photo' AND page IS NOT NULL) AS pages
        FROM contents JOIN placements ON placements.content_id = contents.id
        JOIN folders ON folders.id = placements.folder_id
        WHERE coalesce(recognised_version, 0) < ? AND (kind = 'photo' OR textless != '[]')
            AND placements.state = 'indexed' AND {among_reachable("file_id")}
        GROUP BY contents.id ORDER BY kind = 'photo', newest DESC
        """,
        (version,),
    )
    return [
        Unrecognised(
            ContentId(row["id"]),
            tuple(Spot(page=page) for page in _pages(row)) or (WHOLE,),
            SegmentId(row["photo"]) if row["photo"] is not None else None,
        )
        for row in rows
    ]


def keep(
    connection: sqlite3.Connection,
    content_id: ContentId,
    passages: Sequence[Passage],
    problem: str,
    version: int,
) -> None:
    """Stores the text that was recognised in a content's pictures, and what went wrong.

    Nothing of a content that was forgotten meanwhile.
    """
    is_known = connection.execute(
        "UPDATE contents SET recognised_version = ?, recognition_problem = ? WHERE id = ?",
        (version, problem, content_id),
    ).rowcount
    if is_known:
        segments.keep_recognised(connection, content_id, passages)


def retry(connection: sqlite3.Connection) -> None:
    """Lets text be looked for again wherever something went wrong."""
    connection.execute(
        "UPDATE contents SET recognised_version = NULL WHERE recognition_problem != ''"
    )


def _pages(row: sqlite3.Row) -> list[int]:
    """The pages of a document that have no text, or those of a photo that has several."""
    pages: list[int] = json.loads(row["textless"]) or sorted(json.loads(row["pages"]))
    return pages
