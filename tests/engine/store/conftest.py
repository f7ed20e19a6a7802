"""What tests of the store share: a database, and a way to put contents into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from engine.readings import Kind, Passage, Reading
from engine.records import ContentId, FileId, FoundFile
from engine.store import contents, files, folders
from engine.store.database import Database

Put = Callable[..., ContentId]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "k.db")
    yield opened
    opened.close()


@pytest.fixture
def put(database: Database, pictures: Path) -> Put:
    """Stores a content at a path in the folder of pictures: its kind, its details, its texts."""

    def store(relative: str, *texts: str, **read: object) -> ContentId:
        passages = tuple(Passage(text, 0, len(text)) for text in texts)
        reading = Reading(read.pop("kind", Kind.PHOTO), passages=passages, **read)
        digest = blake2b(relative.encode(), digest_size=32).digest()
        with database.writing() as connection:
            folder = folders.add(connection, pictures)
            files.begin_sweep(connection)
            files.register(connection, [FoundFile(folder, pictures, Path(relative), 1, 1)])
            (file_id,) = connection.execute("SELECT max(id) FROM files").fetchone()
            content_id, _ = contents.keep(connection, digest, reading)
            files.mark_indexed(connection, [FileId(file_id)], content_id)
        return content_id

    return store
