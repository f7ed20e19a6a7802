"""Adapters on made-up vectors: clusters of photos, and queries that point at the wrong cluster."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import CaptionsError, ModelError
from engine.models.starter import read_card
from engine.records import ModelCard
from engine.training.adapters.adapter import Adapter, AdapterFile, Measured
from engine.training.adapters.fit import FOLDS, Examples, fit, folds_of
from engine.training.adapters.judgements import Judgement, of_captions, read_feedback
from engine.training.data.layouts import CaptionedPhoto

DIMENSION = 24
MEASURED = Measured(2, 8, {"recall@10": 10.0}, {"recall@10": 20.0}, 95.0)


@pytest.fixture
def card() -> ModelCard:
    return replace(read_card(), dimension=DIMENSION, fingerprint="made-up")


@pytest.fixture
def adapter() -> Adapter:
    rng = np.random.default_rng(0)
    down = rng.standard_normal((DIMENSION, 3)).astype(np.float32)
    up = rng.standard_normal((3, DIMENSION)).astype(np.float32)
    return Adapter(down, up, "made-up", MEASURED)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def examples(*, rejected: bool = False, photos: int = 12, sense: bool = True) -> Examples:
    """Photos near one point and, when rejected, others near another; the query near the latter."""
    rng = np.random.default_rng(3)
    right, wrong = unit(rng.standard_normal((2, DIMENSION)))

    def near(point: np.ndarray, count: int) -> np.ndarray:
        return unit(point + 0.12 * rng.standard_normal((count, DIMENSION)))

    liked = near(right, photos) if sense else unit(rng.standard_normal((photos, DIMENSION)))
    judged = [1] * photos + [-1] * photos * rejected
    return Examples(
        queries=near(wrong, 1),
        photos=np.concatenate([liked, near(wrong, photos * rejected)]),
        judged=np.array([judged], np.int8),
        library=unit(rng.standard_normal((200, DIMENSION))),
        everyday=unit(rng.standard_normal((60, DIMENSION))),
        more_everyday=unit(rng.standard_normal((60, DIMENSION))),
    )


def test_adapted_queries_are_unit_vectors_and_unknown_words_stay_zeros(adapter) -> None:
    queries = unit(np.random.default_rng(1).standard_normal((5, DIMENSION)))
    queries[2] = 0
    moved = adapter.apply(queries)
    assert moved.dtype == np.float32
    assert np.linalg.norm(moved, axis=1) == pytest.approx([1, 1, 0, 1, 1], abs=1e-5)
    assert not np.allclose(moved[0], queries[0])


def test_an_adapter_of_zeros_changes_nothing(adapter) -> None:
    queries = unit(np.random.default_rng(1).standard_normal((5, DIMENSION)))
    assert replace(adapter, up=np.zeros_like(adapter.up)).apply(queries) == pytest.approx(queries)


def test_the_residual_is_what_the_fit_takes(adapter) -> None:
    import torch
    from torch.nn import functional

    queries = unit(np.random.default_rng(1).standard_normal((5, DIMENSION)))
    known, down, up = map(torch.from_numpy, (queries, adapter.down, adapter.up))
    moved = functional.normalize(known + functional.gelu(known @ down, approximate="tanh") @ up)
    assert adapter.apply(queries) == pytest.approx(moved.numpy(), abs=1e-5)


def test_an_adapter_is_read_as_it_was_written(adapter, card, tmp_path: Path) -> None:
    file = tmp_path / "adapters" / "one.npz"
    adapter.save(file)
    read = Adapter.load(file, card)
    assert np.array_equal(read.down, adapter.down)
    assert np.array_equal(read.up, adapter.up)
    assert (read.fingerprint, read.measured) == (adapter.fingerprint, adapter.measured)
    assert [path.name for path in file.parent.iterdir()] == ["one.npz"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_damaged_byte_breaks_more_than_the_adapter(adapter, card, tmp_path: Path) -> None:
    file = tmp_path / "one.npz"
    adapter.save(file)
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            read = Adapter.load(file, card)
        except ModelError as error:
            assert "--remove" in error.message
        else:
            assert np.array_equal(read.up, adapter.up)
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError):
        Adapter.load(file, card)


@pytest.mark.parametrize(
    "changed",
    [
        {"fingerprint": "another"},
        {"up": np.full((3, DIMENSION), np.nan, np.float32)},
        {"up": np.zeros((2, DIMENSION), np.float32)},
        {"down": np.zeros((DIMENSION + 1, 3), np.float32)},
        {"down": np.zeros((DIMENSION, 3), np.float64)},
    ],
)
def test_what_does_not_fit_the_model_is_refused(adapter, card, tmp_path: Path, changed) -> None:
    replace(adapter, **changed).save(tmp_path / "one.npz")
    with pytest.raises(ModelError, match=r"one\.npz"):
        Adapter.load(tmp_path / "one.npz", card)


def test_what_another_process_writes_or_removes_is_seen(adapter, card, tmp_path: Path) -> None:
    here, there = (AdapterFile(tmp_path / "adapters", card) for _ in range(2))
    queries = unit(np.random.default_rng(1).standard_normal((5, DIMENSION)))
    assert here.adapt(queries) is queries
    there.write(adapter)
    assert np.array_equal(here.adapt(queries), adapter.apply(queries))
    assert there.remove()
    assert here.adapt(queries) is queries
    assert not there.remove()
    assert not (tmp_path / "adapters").exists()


@pytest.mark.slow
@pytest.mark.parametrize("rejected", [False, True])
def test_photos_that_were_held_out_are_found_better(rejected: bool) -> None:
    asked = examples(rejected=rejected)
    made = fit(asked, "made-up")
    measure = "liked_above_rejected" if rejected else "mrr"
    assert made.measured.after[measure] > made.measured.before[measure]
    assert made.measured.kept >= 85
    assert (made.measured.queries, made.measured.photos) == (1, 12)
    nearer = made.apply(asked.queries) @ asked.photos[:12].T
    assert nearer.mean() > (asked.queries @ asked.photos[:12].T).mean()


@pytest.mark.slow
def test_the_same_examples_and_seed_give_the_same_adapter() -> None:
    one, other = (fit(examples(), "made-up", seed=4) for _ in range(2))
    assert np.array_equal(one.down, other.down)
    assert np.array_equal(one.up, other.up)
    assert one.measured == other.measured


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(ModelError, match="too few"):
        fit(examples(photos=7), "made-up")


@pytest.mark.slow
def test_examples_without_sense_are_refused() -> None:
    with pytest.raises(ModelError, match="nothing was kept"):
        fit(examples(sense=False), "made-up")


def test_a_query_holds_out_some_of_both_and_a_photo_is_in_one_fold() -> None:
    judged = np.zeros((3, 20), np.int8)
    judged[0, :10], judged[0, 10:18] = 1, -1
    judged[1:, 19] = 1  # two captions of one photo
    judged[2, 0] = -1
    folds = folds_of(judged)
    assert set(folds[:10]) == set(folds[10:18]) == set(range(FOLDS))
    assert len(folds) == 20
    assert folds[19] >= 0
    assert folds[18] == -1


def test_each_caption_is_a_query_for_its_photo() -> None:
    photo = CaptionedPhoto(Path("a.jpg"), {"en": ("a dog", " "), "zh": ("狗",)})
    assert of_captions([photo]) == [
        Judgement("a dog", (Path("a.jpg"),)),
        Judgement("狗", (Path("a.jpg"),)),
    ]


def test_feedback_names_photos_beside_the_file(tmp_path: Path) -> None:
    file = tmp_path / "feedback.json"
    rows = [{"query": "Rex", "liked": ["a/../b.jpg"], "rejected": [str(tmp_path / "c.jpg")]}]
    file.write_text(json.dumps([*rows, {"query": "Max", "liked": ["d.jpg"]}]))
    first, second = read_feedback(file)
    assert first == Judgement("Rex", (tmp_path / "b.jpg",), (tmp_path / "c.jpg",))
    assert second.rejected == ()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "feedback"),
        ('{"query": "Rex"}', "list"),
        ('[{"query": "Rex", "liked": ["a.jpg"]}, {"query": "Max"}]', "entry 2"),
        ('[{"query": "Rex", "liked": "a.jpg"}]', "entry 1"),
        ('[{"query": " ", "liked": ["a.jpg"]}]', "entry 1"),
        ('[{"query": "Rex", "liked": []}]', "entry 1"),
        ('[{"query": "Rex", "liked": [1]}]', "entry 1"),
        ('[{"query": "Rex"}]', "'liked' is missing"),
        (
            '[{"query": "Rex", "liked": ["a.jpg"], "rejected": ["a.jpg"]}]',
            "a.jpg is both liked and rejected",
        ),
    ],
)
def test_feedback_that_cannot_be_used_is_named(tmp_path: Path, content: str, named: str) -> None:
    file = tmp_path / "feedback.json"
    file.write_text(content)
    with pytest.raises(CaptionsError, match=named):
        read_feedback(file)


def test_applying_an_adapter_needs_no_torch() -> None:
    import subprocess

    script = (
        "import sys\nimport engine.library\n"
        "print([name for name in ('torch', 'open_clip') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
