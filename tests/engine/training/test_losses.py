"""The losses against their formulas, and against those that OpenCLIP trains with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch  # noqa: TID253 -- what the losses are made of
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional  # noqa: TID253

from engine.models.openclip.torchvision_shim import import_torchvision
from engine.training import losses

SCALE = 14.0
seeds = st.integers(0, 2**31)


@pytest.fixture(scope="module")
def reference() -> Any:
    """OpenCLIP's own losses."""
    import_torchvision()
    import open_clip.loss

    return open_clip.loss


def embeddings(count: int, seed: int, dimension: int = 16) -> torch.Tensor:
    draws = torch.Generator().manual_seed(seed)
    return functional.normalize(torch.randn(count, dimension, generator=draws), dim=1)


def softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


@given(st.integers(2, 12), seeds)
def test_infonce_both_ways_is_open_clips_loss(reference: Any, count: int, seed: int) -> None:
    photos, texts = embeddings(count, seed), embeddings(count, seed + 1)
    right = torch.arange(count)
    scores = SCALE * photos @ texts.T
    ours = (losses.infonce(scores, right) + losses.infonce(scores.T, right)) / 2
    assert ours.item() == pytest.approx(
        reference.ClipLoss()(photos, texts, torch.tensor(SCALE)).item(), rel=1e-5, abs=1e-5
    )


@given(st.integers(2, 12), seeds)
def test_sigmoid_is_open_clips_siglip_loss(reference: Any, count: int, seed: int) -> None:
    photos, texts = embeddings(count, seed), embeddings(count, seed + 1)
    bias = torch.tensor(-10.0)
    ours = losses.sigmoid(SCALE * photos @ texts.T, torch.eye(count, dtype=torch.bool), bias)
    theirs = reference.SigLipLoss()(photos, texts, torch.tensor(SCALE), bias)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5, abs=1e-5)


@given(st.integers(2, 8), st.integers(0, 8), st.floats(0, 0.5), seeds)
def test_infonce_is_smoothed_cross_entropy_over_all_candidates(
    count: int, more: int, smoothing: float, seed: int
) -> None:
    scores = SCALE * embeddings(count, seed) @ embeddings(count + more, seed + 1).T
    chances = softmax(scores.numpy().astype(np.float64))
    wanted = np.full(chances.shape, smoothing / chances.shape[1])
    wanted[np.arange(count), np.arange(count)] += 1 - smoothing
    expected = -(wanted * np.log(chances)).sum(1).mean()
    found = losses.infonce(
        scores[:, :count], torch.arange(count), further=scores[:, count:], smoothing=smoothing
    )
    assert found.item() == pytest.approx(expected, rel=1e-4, abs=1e-5)


@given(st.integers(2, 8), st.integers(1, 8), seeds)
def test_sigmoid_asks_of_each_pair_whether_it_belongs_together(
    count: int, candidates: int, seed: int
) -> None:
    scores = SCALE * embeddings(count, seed) @ embeddings(candidates, seed + 1).T
    right = torch.rand(scores.shape, generator=torch.Generator().manual_seed(seed)) > 0.5
    chances = 1 / (1 + np.exp(-(scores.numpy().astype(np.float64) - 3)))
    of_answers = np.where(right.numpy(), chances, 1 - chances)
    found = losses.sigmoid(scores, right, torch.tensor(-3.0))
    assert found.item() == pytest.approx(-np.log(of_answers).sum(1).mean(), rel=1e-4, abs=1e-5)


def test_a_triplet_is_of_the_hardest_negative() -> None:
    cosines = torch.tensor([[0.9, 0.2, 0.8], [0.5, 0.4, 0.1], [0.0, 0.1, 0.9]])
    right = torch.eye(3, dtype=torch.bool)
    # By margins of 0.2: 0.8 comes within 0.1 of 0.9, 0.5 is past 0.4, and 0.1 far below 0.9.
    expected = ((0.2 + 0.8 - 0.9) + (0.2 + 0.5 - 0.4) + 0) / 3
    assert losses.hardest_triplet(cosines, right, 0.2).item() == pytest.approx(expected)


def test_a_triplet_takes_the_furthest_of_several_right_answers() -> None:
    cosines = torch.tensor([[0.9, 0.6, 0.5]])
    right = torch.tensor([[True, True, False]])
    assert losses.hardest_triplet(cosines, right, 0.2).item() == pytest.approx(0.2 + 0.5 - 0.6)


def test_a_triplet_without_a_negative_costs_nothing() -> None:
    found = losses.hardest_triplet(torch.rand(2, 2), torch.ones(2, 2, dtype=torch.bool), 0.2)
    assert found.item() == 0


def test_distillation_is_one_less_the_cosine() -> None:
    embedded, taught = embeddings(5, 0), embeddings(5, 1)
    expected = 1 - np.mean(
        [float(one @ other) for one, other in zip(embedded, taught, strict=True)]
    )
    assert losses.distillation(embedded, taught).item() == pytest.approx(expected, rel=1e-5)
    assert losses.distillation(embedded, embedded).item() == pytest.approx(0, abs=1e-6)


@given(st.integers(1, 6), st.integers(2, 9), seeds)
def test_retention_is_the_divergence_from_the_teacher(count: int, classes: int, seed: int) -> None:
    draws = torch.Generator().manual_seed(seed)
    logits, teacher = (3 * torch.randn(count, classes, generator=draws) for _ in range(2))
    p, q = softmax(teacher.numpy()), softmax(logits.numpy())
    expected = (p * np.log(p / q)).sum(1).mean()
    assert losses.retention(logits, teacher).item() == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_retention_is_nothing_for_equal_predictions() -> None:
    logits = torch.randn(4, 7)
    assert losses.retention(logits, logits).item() == pytest.approx(0, abs=1e-6)
    assert losses.retention(logits + 5, logits).item() == pytest.approx(0, abs=1e-6)


def test_classification_is_cross_entropy_with_shares() -> None:
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    shares = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    chances = softmax(scores.numpy())
    expected = -(0.5 * math.log(chances[0, 0]) + 0.5 * math.log(chances[0, 1])) / 2
    expected -= math.log(chances[1, 2]) / 2
    assert losses.classification(scores, shares).item() == pytest.approx(expected, rel=1e-5)


def test_what_is_no_negative_is_no_candidate_and_gets_no_gradient() -> None:
    scores = torch.randn(3, 3, requires_grad=True)
    further = torch.randn(3, 4, requires_grad=True)
    same = torch.zeros(3, 4, dtype=torch.bool)
    same[:, 1:] = True
    right = torch.arange(3)
    masked = losses.infonce(scores, right, further=losses.without(further, same))
    assert masked.item() == pytest.approx(
        losses.infonce(scores, right, further=further[:, :1]).item(), rel=1e-5
    )
    masked.backward()
    assert (further.grad[:, 1:] == 0).all()
    assert (further.grad[:, 0] != 0).all()


def test_a_loss_of_half_precision_stays_finite() -> None:
    scores = torch.full((2, 3), 100.0, dtype=torch.float16)
    hidden = losses.without(scores, torch.ones(2, 3, dtype=torch.bool))
    assert hidden.isfinite().all()
    assert losses.infonce(scores[:, :2], torch.arange(2), further=hidden).isfinite()


@given(st.integers(2, 12), st.integers(2, 12), seeds)
def test_affinities_that_differ_in_scale_and_offset_alone_are_the_same(
    photos: int, texts: int, seed: int
) -> None:
    cosines = embeddings(photos, seed) @ embeddings(texts, seed + 1).T
    alike = [0.3 * cosines + 0.2, 2 * cosines - 1]
    assert losses.affinity(SCALE * cosines, alike).item() == pytest.approx(0, abs=1e-4)


def test_affinity_pulls_towards_what_the_teachers_agree_on() -> None:
    first, second = (embeddings(6, seed) @ embeddings(9, seed + 10).T for seed in (1, 2))
    scores = (SCALE * embeddings(6, 3) @ embeddings(9, 4).T).requires_grad_()
    before = losses.affinity(scores, [first, second])
    before.backward()
    assert scores.grad is not None
    after = losses.affinity(scores - scores.grad, [first, second])
    assert 0 < after.item() < before.item()
    halves = [(view - view.mean()) / view.std() for view in (first, second)]
    assert losses.affinity(scores, halves).item() == pytest.approx(before.item(), rel=1e-5)
