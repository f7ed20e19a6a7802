"""Embeddings under several models: what is missing, what is shared, what is erased."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.library import Library
from engine.paths import Home
from engine.readings import Kind, Passage, Reading
from engine.records import Medium, ModelCard, SegmentId
from engine.store import contents, embeddings, unembedded
from engine.store.model_index import ModelIndex
from tests.engine.choosing import answering

OTHER = {"fingerprint": "x", "image_fingerprint": "x", "text_fingerprint": "x"}


@pytest.fixture
def indexed(library: Library, pictures: Path, make_photo: Callable[..., Path]) -> Library:
    """Photos that were changed one after another, the second last, and a text."""
    for name, age_days in (("b", 3), ("a", 1), ("c", 2)):
        photo = make_photo(pictures / f"{name}.png", seed=age_days)
        os.utime(photo, (1_700_000_000 - 86_400 * age_days,) * 2)
    (pictures / "note.txt").write_text("boats in a harbour")
    for _ in library.index([pictures]):
        pass
    return library


@pytest.fixture
def own(indexed: Library) -> ModelCard:
    return answering(indexed)


def names(library: Library, segments: np.ndarray) -> list[str]:
    connection = library._database.reading()
    found = []
    for segment in segments.tolist():
        (relative,) = connection.execute(
            "SELECT relative FROM files JOIN segments USING (content_id) WHERE segments.id = ?",
            (segment,),
        ).fetchone()
        found.append(os.fsdecode(relative))
    return found


def index_of(library: Library, home: Home, card: ModelCard) -> ModelIndex:
    return ModelIndex(
        library._database, home.vectors, card, library._models.active.encoder.background
    )


def test_the_newest_files_come_first(indexed: Library, home: Home, own: ModelCard) -> None:
    other = index_of(indexed, home, replace(own, **OTHER))
    missing = unembedded.missing_newest_first(indexed._database.reading(), other.model_id)
    assert names(indexed, missing) == ["note.txt", "a.png", "c.png", "b.png"]


@pytest.mark.parametrize(
    ("same", "photos", "passages"),
    [("image_fingerprint", 3, 0), ("text_fingerprint", 0, 1)],
)
def test_a_tower_in_common_need_not_embed_again(
    indexed: Library, home: Home, own: ModelCard, same: str, photos: int, passages: int
) -> None:
    other = replace(own, **OTHER | {same: getattr(own, same)})
    theirs, ours = index_of(indexed, home, other), index_of(indexed, home, own)
    assert (len(theirs.pictures), len(theirs.texts)) == (photos, passages)
    connection = indexed._database.reading()
    for medium in Medium:
        segments = embeddings.keys(connection, theirs.model_id, medium)
        for page in zip(
            embeddings.vectors(connection, theirs.model_id, segments),
            embeddings.vectors(connection, ours.model_id, segments),
            strict=True,
        ):
            assert np.array_equal(page[0][1], page[1][1])


def test_a_twin_s_later_embeddings_are_taken_over_too(
    indexed: Library, home: Home, own: ModelCard, pictures: Path, make_photo: Callable[..., Path]
) -> None:
    twin = replace(own, fingerprint="x")
    index_of(indexed, home, twin)
    make_photo(pictures / "later.png", seed=9)
    for _ in indexed.index([pictures]):
        pass
    assert len(index_of(indexed, home, twin).pictures) == 4


def test_a_known_model_is_loaded_while_another_process_writes(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    index_of(indexed, home, replace(own, fingerprint="x"))
    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(index_of(indexed, home, own).pictures) == 3


def test_a_model_that_has_changed_its_dimension_is_refused(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    with pytest.raises(ModelError, match="dimensions"):
        index_of(indexed, home, replace(own, dimension=own.dimension + 1))


def test_towers_that_are_not_known_are_not_the_same(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    unknown = {"image_fingerprint": "", "text_fingerprint": ""}
    index_of(indexed, home, replace(own, **unknown))
    theirs = index_of(indexed, home, replace(own, fingerprint="x", **unknown))
    assert (len(theirs.pictures), len(theirs.texts)) == (0, 0)


def test_a_segment_that_is_gone_gets_no_embedding(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    index = index_of(indexed, home, own)
    before = embeddings.count(indexed._database.reading(), index.model_id)
    with indexed._database.writing() as connection:
        vectors = np.zeros((1, own.dimension), np.float32)
        embeddings.add(connection, index.model_id, [SegmentId(10_000)], vectors)
    assert embeddings.count(indexed._database.reading(), index.model_id) == before


def test_a_model_is_erased_with_its_embeddings(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    other = index_of(indexed, home, replace(own, fingerprint="x"))
    assert embeddings.count(indexed._database.reading(), other.model_id) == 4
    with indexed._database.writing() as connection:
        embeddings.drop(connection, "x")
    assert embeddings.count(indexed._database.reading(), other.model_id) == 0
    assert index_of(indexed, home, own).pictures.sample(9).shape == (3, own.dimension + 1)


def test_what_is_beside_a_segment_is_of_its_page_or_moment(
    indexed: Library, home: Home, own: ModelCard
) -> None:
    index = index_of(indexed, home, own)
    vectors = np.eye(4, own.dimension, dtype=np.float32)
    with indexed._database.writing() as connection:
        passages = tuple(Passage(f"{n}", n, n + 1, page=1 + n // 2) for n in range(4))
        book, _ = contents.keep(connection, b"book", Reading(Kind.DOCUMENT, passages=passages))
        rows = connection.execute("SELECT id FROM segments WHERE content_id = ?", (book,))
        segments = [SegmentId(row[0]) for row in rows]
        embeddings.add(connection, index.model_id, segments, vectors)
        for beside, expected in (
            (None, vectors),
            (segments[1], vectors[:2]),
            (segments[2], vectors[2:]),
            (SegmentId(10_000), vectors),
        ):
            found = embeddings.of_content(connection, index.model_id, book, Medium.TEXT, beside)
            assert (found == expected).all()
