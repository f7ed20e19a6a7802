"""What is on a drive below a folder is out of reach while that is away, and only that."""

from pathlib import Path

import numpy as np
import pytest

from engine.readings import WHOLE, Picture
from engine.records import Drive
from engine.search_records import Filters
from engine.store import (
    census,
    drives,
    files,
    folders,
    listing,
    recognition,
    unembedded,
)
from engine.store.database import Database

PICTURE = Picture(np.zeros((1, 1, 3), np.uint8), WHOLE)


@pytest.fixture
def away(database: Database, pictures: Path, put) -> dict[str, int]:
    """Photos by where they are, after the drive `usb` below their folder was unplugged."""
    names = ("here.jpg", "usb/a.jpg", "usb/deep/b.jpg", "usb2/c.jpg")
    contents = {name: put(name, pictures=(PICTURE,)) for name in names}
    with database.writing() as connection:
        folder = folders.add(connection, pictures)
        for number, name in enumerate(("usb", "usb2")):
            drives.remember(connection, folder, Drive(Path(name), number, is_link=False))
        files.register_closed(connection, folder, Path("usb"), "its drive is not connected")
    return contents


def test_files_on_a_drive_that_is_away_are_offline(database: Database, away) -> None:
    connection = database.reading()
    reached = {name for name, content in away.items() if files.with_content(connection, content)}
    assert reached == {"here.jpg", "usb2/c.jpg"}
    assert census.counts(connection).offline == 2
    online = {hit.path.name: hit.online for hit in listing.newest(connection, Filters(), 9)}
    assert online == {"here.jpg": True, "a.jpg": False, "b.jpg": False, "c.jpg": True}


def test_pictures_on_a_drive_that_is_away_wait_for_it(database: Database, away) -> None:
    connection = database.reading()
    reached = {away["here.jpg"], away["usb2/c.jpg"]}
    assert {each.content_id for each in recognition.unrecognised(connection, 1)} == reached
    with database.writing() as writing:
        row = "INSERT INTO models (fingerprint, name, dimension) VALUES ('m', 'm', 1) RETURNING id"
        (model,) = writing.execute(row).fetchone()
    missing = unembedded.missing_newest_first(connection, model).tolist()
    assert {each.content_id for each in unembedded.of_ids(connection, missing)} == reached
    assert unembedded.count_out_of_reach(connection, model) == 2
