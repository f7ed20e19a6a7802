"""Another model takes over a library: a tiny OpenCLIP one, saved to disk with random weights."""

import sqlite3
from contextlib import closing

import pytest

from engine.errors import ModelError
from engine.library import Library
from engine.search_records import Query
from tests.engine.choosing import answering, choose_model


@pytest.mark.slow
def test_photos_and_passages_are_encoded_again_and_found(home, pictures, make_photo, tiny) -> None:
    for number in range(5):
        make_photo(pictures / f"{number}.png", seed=number)
    (pictures / "note.txt").write_text("boats in a harbour")
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
    assert choose_model(home, tiny).dimension == 24
    with Library.open(home) as library:
        assert answering(library).name == "starter", "it answers until the other is ready"
        for _ in library.index([]):
            pass
        assert answering(library).dimension == 24
        first = library.search(Query(picture=pictures / "3.png", limit=3)).hits[0]
        assert first.path.name == "3.png"
        assert library.search(Query(text="boats")).hits[0].path.name == "note.txt"
    with closing(sqlite3.connect(home.database)) as connection:
        rows = connection.execute(
            "SELECT model_id, count(*), min(length(vector)) FROM embeddings GROUP BY model_id"
        ).fetchall()
    assert rows == [(1, 6, 768), (2, 6, 48)]


def test_a_model_that_does_not_exist_is_not_chosen(home) -> None:
    with pytest.raises(ModelError):
        choose_model(home, "openclip:No-Such-Model/none")
    with Library.open(home) as library:
        assert answering(library).name == "starter"
