"""What a model still lacks is found without looking at all that it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.library import Library
from engine.readings import Kind, Passage, Reading
from engine.store import contents


def keep_texts(library: Library, count: int) -> None:
    passages = tuple(Passage("boats in a harbour", n, n + 18) for n in range(count))
    with library._database.writing() as connection:
        contents.keep(connection, b"texts %d" % count, Reading(Kind.DOCUMENT, passages=passages))


def steps_of(library: Library, work: Callable[[], object]) -> int:
    """How many instructions SQLite needs to read what `work` asks for."""
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += 1

    connection = library._database.reading()
    connection.set_progress_handler(count, 1)
    work()
    connection.set_progress_handler(None, 1)
    return taken


def test_what_comes_costs_what_it_is_and_not_what_is_there(
    library: Library, pictures: Path, make_photo: Callable[..., Path]
) -> None:
    for _ in library.index([pictures]):
        pass
    keep_texts(library, 500)
    embedder = library._pipeline.embedder
    assert sum(embedder.embed_missing()) == 500
    idle = steps_of(library, lambda: list(embedder.embed_missing()))
    keep_texts(library, 3)
    assert list(embedder.embed_missing()) == [3]
    # A photo comes with its vector: nothing is missing then.
    make_photo(pictures / "a.jpg")
    for _ in library.index([pictures]):
        pass
    assert steps_of(library, lambda: list(embedder.embed_missing())) == idle < 500
    assert len(embedder.vectors.texts) == 503


def test_the_first_look_after_a_start_is_the_only_long_one(library: Library) -> None:
    keep_texts(library, 500)
    list(library._pipeline.embedder.embed_missing())
    fresh = library._models.active.embedder(library._database, library._index_readers)
    looks = [steps_of(library, lambda: list(fresh.embed_missing())) for _ in range(2)]
    assert looks[0] > 500 > looks[1]


def test_a_model_that_has_parts_counts_photos_and_passages(
    library: Library, pictures: Path, make_photo: Callable[..., Path]
) -> None:
    make_photo(pictures / "a.jpg")
    for _ in library.index([pictures], looks_closer=True):
        pass
    keep_texts(library, 2)
    assert list(library._pipeline.embedder.fill()) == [(3, 3)]


def test_what_is_forgotten_meanwhile_leaves_no_vector(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_texts(library, 100)
    vectors, encoder = library._pipeline.embedder.vectors, library._models.active.encoder
    list(library._pipeline.embedder.embed_missing())
    encode = encoder.encode_texts

    def forget_meanwhile(texts: Sequence[str]) -> NDArray[np.float32]:
        for folder in library.folders():
            library.remove_folder(folder.id)
        return encode(texts)

    monkeypatch.setattr(encoder, "encode_texts", forget_meanwhile)
    (pictures / "letter.txt").write_text("my secret")
    for _ in library.index([pictures]):
        pass
    assert len(vectors.texts) == 100
