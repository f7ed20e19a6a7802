"""What files say of themselves, as columns of their contents and as words to be found by."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime

from engine.readings import DateSource, Details, Place
from engine.records import ContentId
from engine.store import fulltext

COLUMNS = (
    *("width", "height", "taken_at", "taken_from", "camera", "lens", "iso", "rating", "keywords"),
    *("caption", "latitude", "longitude", "place", "title", "author", "language", "pages"),
    *("duration_s", "codec"),
)


def as_row(details: Details) -> tuple[object, ...]:
    """The values of COLUMNS."""
    values = {name: getattr(details, name) for name in COLUMNS}
    if details.taken_at is not None:
        values["taken_at"] = written(details.taken_at)
    values["keywords"] = json.dumps(details.keywords, ensure_ascii=False)
    place = asdict(details.place) if details.place is not None else {}
    values["place"] = json.dumps({k: v for k, v in place.items() if v}, ensure_ascii=False)
    return tuple(values.values())


def written(taken_at: datetime) -> str:
    """A date as it stands in a row."""
    return taken_at.isoformat(sep=" ")


def of_row(row: sqlite3.Row) -> Details:
    """The details in a row that has COLUMNS."""
    values = {name: row[name] for name in COLUMNS}
    if values["taken_at"]:
        values["taken_at"] = datetime.fromisoformat(values["taken_at"])
    if values["taken_from"]:
        values["taken_from"] = DateSource(values["taken_from"])
    values["keywords"] = tuple(json.loads(values["keywords"]))
    place = json.loads(values["place"])
    values["place"] = Place(**place) if place else None
    return Details(**values)


def index_words(connection: sqlite3.Connection, content_id: ContentId, details: Details) -> None:
    """Makes a content findable by what its file says of itself."""
    place = asdict(details.place).values() if details.place is not None else ()
    said = (details.title, details.author, details.caption, details.camera, details.lens)
    words = " ".join(word for word in (*said, *details.keywords, *place) if word)
    connection.execute("DELETE FROM detail_words WHERE rowid = ?", (content_id,))
    if words:
        connection.execute(
            "INSERT INTO detail_words (rowid, words) VALUES (?, ?)",
            (content_id, fulltext.indexable(words)),
        )
