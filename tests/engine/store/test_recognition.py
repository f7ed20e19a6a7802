"""Which contents still have text to be looked for in their pictures."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.readings import Kind, Reading
from engine.records import ContentId
from engine.store import contents, recognition
from engine.store.database import Database

VERSION = 3


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "keepsight.db")) as opened:
        yield opened


def keep(database: Database, textless: tuple[int, ...]) -> ContentId:
    with database.writing() as connection:
        reading = Reading(Kind.DOCUMENT, textless=textless)
        content_id, _ = contents.keep(connection, b"a hash", reading)
    return content_id


def looked_at(database: Database) -> int | None:
    version: int | None = (
        database.reading().execute("SELECT recognised_version FROM contents").fetchone()[0]
    )
    return version


def test_other_pages_without_text_are_looked_at_again(database: Database) -> None:
    content_id = keep(database, (1, 2))
    with database.writing() as connection:
        recognition.keep(connection, content_id, [], "", VERSION)
    keep(database, (1, 2))
    assert looked_at(database) == VERSION
    keep(database, (1, 2, 3))
    assert looked_at(database) is None


@pytest.mark.parametrize("problem", ["", "It took too long."])
def test_a_retry_is_of_what_went_wrong(database: Database, problem: str) -> None:
    content_id = keep(database, (1,))
    with database.writing() as connection:
        recognition.keep(connection, content_id, [], problem, VERSION)
        recognition.retry(connection)
    assert looked_at(database) == (None if problem else VERSION)
