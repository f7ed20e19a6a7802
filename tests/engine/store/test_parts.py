"""Parts of photos beside what readers make of the same contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.models import catalog
from engine.readings import Box, Kind, Passage, Picture, Reading, Spot
from engine.records import ContentId, Medium, ModelId, SegmentId
from engine.store import contents, embeddings, folders, parts, segments, unembedded, worded
from engine.store.database import Database
from engine.store.parts import Whole
from tests.engine.store.conftest import Put

BOXES = (Box(0.0, 0.0, 0.6, 0.6), Box(0.4, 0.4, 1.0, 1.0))
PHOTO = Reading(Kind.PHOTO, (Picture(np.zeros((1, 1, 3), np.uint8)),))
OWN, OTHER = np.eye(4, dtype=np.float32)[:2]


@pytest.fixture
def model(database: Database) -> Callable[[str], ModelId]:
    """Records a model of four dimensions by its fingerprint."""
    card = replace(
        catalog.load("starter").card, dimension=4, image_fingerprint="", text_fingerprint=""
    )

    def record(fingerprint: str) -> ModelId:
        with database.writing() as connection:
            return embeddings.register_model(connection, replace(card, fingerprint=fingerprint))

    return record


@pytest.fixture
def photo(database: Database, put: Put) -> Whole:
    content_id = put("a.jpg", pictures=PHOTO.pictures)
    (segment_id,) = ids(database, content_id)
    return Whole(segment_id, content_id)


def ids(database: Database, content_id: ContentId) -> list[SegmentId]:
    rows = database.reading().execute(
        "SELECT id FROM segments WHERE content_id = ? ORDER BY id", (content_id,)
    )
    return [SegmentId(row[0]) for row in rows]


def embed(database: Database, model_id: ModelId, photo: Whole) -> list[SegmentId]:
    with database.writing() as connection:
        embeddings.add(connection, model_id, [photo.segment_id], OWN[None])
        return parts.keep(connection, model_id, photo, BOXES, np.stack([OTHER, OTHER]))


def test_every_model_has_parts_of_its_own_in_the_same_segments(
    database: Database, photo: Whole, model: Callable[[str], ModelId]
) -> None:
    connection = database.reading()
    one, two = model("one"), model("two")
    assert parts.lacking(connection, one) == [], "a photo comes before its parts"
    with database.writing() as writing:
        for each in (one, two):
            embeddings.add(writing, each, [photo.segment_id], OWN[None])
    assert parts.lacking(connection, one) == parts.lacking(connection, two) == [photo]
    made = embed(database, one, photo)
    assert (parts.lacking(connection, one), parts.lacking(connection, two)) == ([], [photo])
    assert embed(database, two, photo) == made
    assert embeddings.keys(connection, two, Medium.PICTURE).tolist() == [photo.segment_id, *made]


def test_no_model_waits_for_parts(
    database: Database, photo: Whole, model: Callable[[str], ModelId]
) -> None:
    made = embed(database, model("one"), photo)
    connection, other = database.reading(), model("other")
    assert unembedded.missing_newest_first(connection, other).tolist() == [photo.segment_id]
    found = unembedded.missing(connection, other, SegmentId(0), 9)
    assert [each.segment_id for each in found] == [photo.segment_id]
    assert not len(embeddings.answered(connection, other, Medium.PICTURE))
    with database.writing() as writing:
        embeddings.add(writing, other, [photo.segment_id], OWN[None])
    answered = embeddings.answered(connection, other, Medium.PICTURE)
    assert answered.tolist() == [photo.segment_id, *made]


def test_an_example_is_the_whole_photo(
    database: Database, photo: Whole, model: Callable[[str], ModelId]
) -> None:
    one = model("one")
    part, _ = embed(database, one, photo)
    asked = (database.reading(), one, photo.content_id, Medium.PICTURE)
    np.testing.assert_array_equal(embeddings.of_content(*asked, beside=part), [OWN])


def test_parts_stay_for_as_long_as_their_photo(
    database: Database, photo: Whole, model: Callable[[str], ModelId]
) -> None:
    made = embed(database, model("one"), photo)
    digest = contents.hash_of(database.reading(), photo.content_id)
    assert digest is not None
    with database.writing() as connection:
        segments.keep_recognised(connection, photo.content_id, [Passage("a sign", 0, 6)])
        contents.keep(connection, digest, PHOTO)
    assert set(made) < set(ids(database, photo.content_id))
    pages = tuple(Picture(PHOTO.pictures[0].pixels, Spot(page=page)) for page in (1, 2))
    with database.writing() as connection:
        contents.keep(connection, digest, replace(PHOTO, pictures=pages))
    assert not set(made) & set(ids(database, photo.content_id))
    assert parts.lacking(database.reading(), model("one")) == []


def test_nothing_is_kept_of_a_photo_that_was_forgotten_meanwhile(
    database: Database, photo: Whole, pictures: Path, model: Callable[[str], ModelId]
) -> None:
    with database.writing() as connection:
        folders.remove(connection, folders.add(connection, pictures))
        contents.purge_orphans(connection, at_once=True)
    assert embed(database, model("one"), photo) == []
    assert ids(database, photo.content_id) == []


def test_a_closer_look_makes_the_text_in_a_photo_no_smaller(
    database: Database, photo: Whole, model: Callable[[str], ModelId]
) -> None:
    pages = [Passage(f"sign {number}", number, number + 6) for number in range(8)]
    with database.writing() as connection:
        segments.keep_recognised(connection, photo.content_id, pages)
    before = worded.by_passages(database.reading(), '"sign"', None, 1)
    embed(database, model("one"), photo)
    assert worded.by_passages(database.reading(), '"sign"', None, 1) == before
