import json
from pathlib import Path

import numpy as np
import pytest

from engine.hubness import asking
from engine.readings import Kind, Passage, PixelSpec, Reading
from engine.records import Calibration, Medium, ModelCard, SegmentId
from engine.store import contents, embeddings, vectors
from engine.store.database import Database
from engine.store.model_index import ModelIndex

DIMENSION = 32


def card(fingerprint: str = "f" * 32) -> ModelCard:
    curve = Calibration(1.0, 0.0)
    return ModelCard(
        name="test",
        title="Test",
        version="1",
        dimension=DIMENSION,
        pixels=PixelSpec(8, squash=True),
        languages=("en",),
        licence="CC0",
        fingerprint=fingerprint,
        photo_calibration=curve,
        passage_calibration=curve,
        picture_calibration=curve,
    )


def nothing(medium: Medium) -> np.ndarray:
    return np.empty((0, DIMENSION), np.float32)


def unit(count: int, seed: int = 0) -> np.ndarray:
    matrix = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def add_passages(database: Database, index: ModelIndex, matrix: np.ndarray) -> list[SegmentId]:
    passages = tuple(Passage("text", i, i + 4) for i in range(len(matrix)))
    with database.writing() as connection:
        digest = np.random.default_rng().bytes(32)
        reading = Reading(Kind.DOCUMENT, passages=passages)
        content_id, _ = contents.keep(connection, digest, reading)
        rows = connection.execute(
            "SELECT id FROM segments WHERE content_id = ? ORDER BY id", (content_id,)
        )
        segments = [SegmentId(row[0]) for row in rows]
        embeddings.add(connection, index.model_id, segments, matrix)
        index.texts.add(segments, matrix)
    return segments


def assert_exact(index: ModelIndex, segments: list[SegmentId], matrix: np.ndarray) -> None:
    for query in unit(5, seed=9):
        expected = np.argsort(-(matrix.astype(np.float16).astype(np.float32) @ query))[:10]
        near = index.texts.search(asking(query), 10)
        assert near.segments.tolist() == [segments[i] for i in expected]
        assert near.nearness == pytest.approx(matrix[expected] @ query, abs=2e-3)


def test_search_is_exact_in_a_small_library(database: Database, tmp_path: Path) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(500)
    assert_exact(index, add_passages(database, index, matrix), matrix)


def test_deleting_the_files_loses_nothing(database: Database, tmp_path: Path) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(300)
    segments = add_passages(database, index, matrix)
    index.publish()
    files = list((tmp_path / "vectors").iterdir())
    assert any(file.suffix == ".usearch" for file in files)
    for file in files:
        file.unlink()
    assert_exact(ModelIndex(database, tmp_path / "vectors", card(), nothing), segments, matrix)


def test_an_index_grown_equals_an_index_rebuilt(database: Database, tmp_path: Path) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    first, second = unit(100, seed=1), unit(150, seed=2)
    segments = add_passages(database, index, first)
    index.publish()
    segments += add_passages(database, index, second)  # never published
    reopened = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    assert_exact(reopened, segments, np.concatenate([first, second]))


def test_what_cannot_be_written_leaves_no_part_and_is_written_later(
    database: Database, tmp_path: Path
) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    first, second = unit(20, seed=1), unit(20, seed=2)
    segments = add_passages(database, index, first)
    index.publish()
    (file,) = (tmp_path / "vectors").rglob("*.usearch")
    file.unlink()
    file.mkdir()
    segments += add_passages(database, index, second)
    with pytest.raises(OSError, match="directory"):
        index.publish()
    assert not list((tmp_path / "vectors").rglob("*.tmp"))
    file.rmdir()
    index.publish()
    reopened = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    assert_exact(reopened, segments, np.concatenate([first, second]))


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "no stamp", "other model"])
def test_a_file_that_is_not_as_stamped_is_rebuilt(
    database: Database, tmp_path: Path, damage: str
) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(200)
    segments = add_passages(database, index, matrix)
    index.publish()
    (file,) = (tmp_path / "vectors").glob("*passage.usearch")
    (stamp,) = (tmp_path / "vectors").glob("*passage.json")
    data = file.read_bytes()
    match damage:
        case "truncated":
            file.write_bytes(data[: len(data) // 2])
        case "flipped":
            file.write_bytes(data[:100] + bytes(byte ^ 0xFF for byte in data[100:]))
        case "empty":
            file.write_bytes(b"")
        case "no stamp":
            stamp.unlink()
        case "other model":
            stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"model": "x"}))
    assert_exact(ModelIndex(database, tmp_path / "vectors", card(), nothing), segments, matrix)


def test_vectors_of_two_models_never_meet(database: Database, tmp_path: Path) -> None:
    ours = ModelIndex(database, tmp_path / "vectors", card("a" * 32), nothing)
    add_passages(database, ours, unit(20))
    ours.publish()
    assert len(ModelIndex(database, tmp_path / "vectors", card("b" * 32), nothing).texts) == 0


def test_an_index_out_of_which_much_went_again_and_again_stays_right(
    database: Database, tmp_path: Path
) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    fixed = unit(6)
    segments = add_passages(database, index, fixed)
    for edit in range(1, 13):
        matrix = unit(60, seed=edit)
        with database.writing() as connection:
            connection.execute("DELETE FROM segments WHERE id > ?", (segments[5],))
        segments = segments[:6] + add_passages(database, index, matrix)
        index.prune(database.reading())
        assert len(index.texts) == 66
        assert_exact(index, segments, np.concatenate([fixed, matrix]))
    index.publish()
    reopened = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    assert_exact(reopened, segments, np.concatenate([fixed, matrix]))


def test_a_file_with_much_that_is_gone_is_cleaned_when_it_is_loaded(
    database: Database, tmp_path: Path
) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(100)
    segments = add_passages(database, index, matrix)
    index.publish()
    for left in (98, 40, 0):  # of the first two, which are few, nobody takes notice
        with database.writing() as connection:
            connection.execute("DELETE FROM segments WHERE id >= ?", (segments[0] + left,))
        loaded = ModelIndex(database, tmp_path / "vectors", card(), nothing)
        assert len(loaded.texts) == (100 if left == 98 else left)
        loaded.publish()


def test_no_byte_of_erased_vectors_is_left(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 60)  # a graph, which shrinks to an exact index
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(100)
    segments = add_passages(database, index, matrix)
    index.publish()
    files = list((tmp_path / "vectors").iterdir())
    with database.writing() as connection:
        connection.execute("DELETE FROM segments WHERE id > ?", (segments[49],))
        index.erase(connection)
    assert not any(file.exists() for file in files)  # also where nothing is published any more
    index.publish()
    written = b"".join(file.read_bytes() for file in files)
    halves = [vector.tobytes() in written for vector in matrix.astype(np.float16)]
    assert halves == [True] * 50 + [False] * 50
    assert_exact(index, segments[:50], matrix[:50])
    assert_exact(
        ModelIndex(database, tmp_path / "vectors", card(), nothing), segments[:50], matrix[:50]
    )


def test_erasing_everything_leaves_an_index_that_takes_more(
    database: Database, tmp_path: Path
) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    add_passages(database, index, unit(20))
    with database.writing() as connection:
        connection.execute("DELETE FROM segments")
        index.erase(connection)
    index.publish()
    assert not list((tmp_path / "vectors").glob("*"))
    matrix = unit(30, seed=2)
    assert_exact(index, add_passages(database, index, matrix), matrix)


def test_only_allowed_segments_are_found(database: Database, tmp_path: Path) -> None:
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(200)
    segments = add_passages(database, index, matrix)
    allowed = np.array(segments[50:60], np.int64)
    near = index.texts.search(asking(matrix[0]), 100, allowed)
    assert set(near.segments.tolist()) == set(allowed.tolist())


@pytest.mark.parametrize("page", [64, 4096])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_the_allowed_are_ranked_exactly(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, page: int
) -> None:
    monkeypatch.setattr(embeddings, "PAGE", page)
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = unit(1000)
    segments = np.array(add_passages(database, index, matrix), np.int64)
    chosen = np.sort(np.random.default_rng(1).permutation(1000)[: int(1000 * share)])
    # Filters also ask for segments that have no embedding yet.
    allowed = np.append(segments[chosen], segments[-1] + 1)
    for query in unit(5, seed=9):
        cosines = matrix[chosen].astype(np.float16).astype(np.float32) @ query
        near = index.texts.search(asking(query), 30, allowed)
        expected = np.argsort(-cosines)[:30]
        assert near.nearness == pytest.approx(cosines[expected], abs=2e-3)
        assert len(set(near.segments) & set(segments[chosen[expected]])) >= len(expected) - 1


@pytest.mark.parametrize("published_at", [1000, 2000])
def test_a_large_index_is_a_graph_with_good_recall(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published_at: int
) -> None:
    monkeypatch.setattr(vectors, "EXACT_BELOW", 1500)
    index = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    matrix = np.concatenate([unit(1000, seed=3), unit(1000, seed=4)])
    segments: list[SegmentId] = []
    for part in np.split(matrix, 2):
        segments += add_passages(database, index, part)
        if len(segments) == published_at:  # what it lacks after a crash is added
            index.publish()
    reopened = ModelIndex(database, tmp_path / "vectors", card(), nothing)
    for searched in (index, reopened):
        hits = 0
        for query in unit(50, seed=9):
            exact = {segments[i] for i in np.argsort(-(matrix @ query))[:10]}
            hits += len(exact & set(searched.texts.search(asking(query), 10).segments.tolist()))
        assert hits / 500 > 0.95
