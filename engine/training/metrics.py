"""How well right answers ranked: the field's metrics, with bootstrap confidence intervals.

Everything follows from the ranks of each query's right answers:

- recall@k: has the query a right answer among the first k? (M. Hodosh, P. Young, J. Hockenmaier,
  "Framing Image Description as a Ranking Task", JAIR 47, 2013; trec_eval calls it success_k.)
- found@k, precision@k, F1@k: which share of the right answers is among the first k, which share of
  the first k is right, and their harmonic mean (C. Manning, P. Raghavan, H. Schütze, "Introduction
  to Information Retrieval", 2008, 8.3 and 8.4; BEIR's "Recall@k" is found@k).
- MRR: 1 / the rank of the first right answer (E. Voorhees, "The TREC-8 Question Answering Track
  Report", 1999).
- mAP: the mean, over the right answers, of the precision at each one's rank (Manning et al., 8.4).
- nDCG@k: gains discounted by log2(1 + rank), beside those of the best order (K. Järvelin,
  J. Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 20(4), 2002; with the
  discount that trec_eval, BEIR and scikit-learn take).
- median rank: of the first right answer (Hodosh et al.).

Ties never flatter: among equal scores, wrong answers come first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CUTOFFS = (1, 5, 10)
CONFIDENCE = 0.95
RESAMPLES = 1_000
MEDIAN_RANK = "median_rank"

_WEIGHTS_AT_ONCE = 4_000_000

Floats = NDArray[np.float64]
Ranks = tuple[list[float], list[float]]
"""The ranks of one query's right answers, ascending, and their gains."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Where the right answers of Q queries ranked; R is the most that a query has.

    `ranks` (Q, R) count from 1 and rise along a row, infinite where an answer was not found;
    `gains` (Q, R) say how right each is, above 0; a row with fewer is padded with gains of 0.
    `groups` (Q,): queries of one group, such as the captions of one photo, tell little beyond each
    other, so that the bootstrap draws them together.
    """

    ranks: Floats
    gains: Floats
    groups: NDArray[np.int64]

    @classmethod
    def of(cls, found: Sequence[Ranks], groups: Sequence[int] | None = None) -> Answers:
        """The answers to queries one by one. Raises ValueError where a query has no right one."""
        if not found or not all(ranks for ranks, _ in found):
            raise ValueError("every query needs a right answer")
        width = max(len(ranks) for ranks, _ in found)
        ranks = np.full((len(found), width), np.inf)
        gains = np.zeros((len(found), width))
        for row, (of_query, how_right) in enumerate(found):
            ranks[row, : len(of_query)] = of_query
            gains[row, : len(of_query)] = how_right
        return cls(ranks, gains, np.arange(len(found)) if groups is None else np.asarray(groups))

    @property
    def best_ranks(self) -> Floats:
        """(Q,) the rank of each query's first right answer, infinite where none was found."""
        return self.ranks[:, 0]

    def __len__(self) -> int:
        return len(self.ranks)


def ranks_of_scores(
    scores: NDArray[np.float32], right: Sequence[Mapping[int, float]]
) -> list[Ranks]:
    """Ranks by scores (Q, N) of what is right, by its column, with its gain.

    A rank is 1 + the number of wrong answers that score as much or more, and of right ones before.
    """
    wrong = scores.copy()
    for row, gains in enumerate(right):
        wrong[row, list(gains)] = -np.inf
    wrong.sort(axis=1)
    found: list[Ranks] = []
    for row, gains in enumerate(right):
        order = sorted(gains, key=lambda column: (-scores[row, column], gains[column]))
        ahead = wrong.shape[1] - np.searchsorted(wrong[row], scores[row, order])
        found.append(
            ((ahead + np.arange(1, len(order) + 1)).tolist(), [gains[column] for column in order])
        )
    return found


def ranks_in_list(ranked: Sequence[Hashable], right: Mapping[Any, float]) -> Ranks:
    """Ranks in a list, best first, of what is right; what the list lacks was not found."""
    places = {item: place for place, item in enumerate(ranked, 1) if item in right}
    order = sorted(right, key=lambda item: (places.get(item, np.inf), right[item]))
    return [float(places.get(item, np.inf)) for item in order], [right[item] for item in order]


def recall_of_scores(
    scores: NDArray[np.float32],
    relevant: NDArray[np.bool_] | NDArray[np.integer[Any]],
    cutoffs: Sequence[int] = CUTOFFS,
) -> dict[int, float]:
    """recall@k in per cent by k, from scores (Q, N), with nothing sorted: for training's epochs.

    `relevant` is (Q, N) booleans, or (Q,) the column of each query's one right answer.
    """
    if relevant.ndim == 1:
        relevant = relevant[:, None] == np.arange(scores.shape[1])
    best = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + (~(scores < best) & ~relevant.astype(bool)).sum(axis=1)
    return {k: 100.0 * float((ranks <= k).mean()) for k in cutoffs}


def per_query(answers: Answers, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, Floats]:
    """Every metric but the median rank, by name, for each query: (Q,) between 0 and 1."""
    is_right = answers.gains > 0
    count = is_right.sum(axis=1)
    ranks = np.where(is_right, answers.ranks, np.inf)
    ideal = -np.sort(-answers.gains, axis=1)
    ideal_ranks = np.arange(1, ideal.shape[1] + 1)
    metrics: dict[str, Floats] = {}
    for k in cutoffs:
        inside = ranks <= k
        hits = inside.sum(axis=1)
        metrics[f"recall@{k}"] = (hits > 0).astype(float)
        metrics[f"found@{k}"] = hits / count
        metrics[f"precision@{k}"] = hits / k
        metrics[f"f1@{k}"] = 2 * hits / (count + k)
        gained = (answers.gains * inside * _discount(ranks)).sum(axis=1)
        best = (ideal * _discount(ideal_ranks))[:, :k].sum(axis=1)
        metrics[f"ndcg@{k}"] = gained / best
    metrics["mrr"] = 1 / ranks[:, 0]
    metrics["map"] = (ideal_ranks / ranks).sum(axis=1) / count
    return metrics


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric over all queries, and its confidence interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics by name, in per cent; but the median rank counts from 1, and may be infinite."""

    estimates: dict[str, Estimate]
    queries: int

    @classmethod
    def of(
        cls,
        answers: Answers,
        *,
        cutoffs: Sequence[int] = CUTOFFS,
        confidence: float = CONFIDENCE,
        resamples: int = RESAMPLES,
    ) -> Metrics:
        """The means over the queries, and between which bounds they lie.

        The bounds are the percentiles of the same means over queries drawn with replacement
        (B. Efron, "Bootstrap Methods: Another Look at the Jackknife", 1979), groups of them at
        once (A. Davison, D. Hinkley, "Bootstrap Methods and their Application", 1997, 3.8). The
        draws are the same at every run. They tell how far other queries would have led elsewhere,
        and little where there are fewer than about twenty.
        """
        values = _totals(answers, np.ones((1, len(answers))), cutoffs)
        drawn = _drawn(answers, cutoffs, resamples)
        estimates = {
            name: Estimate(float(value[0]), *_bounds(drawn[name], confidence))
            for name, value in values.items()
        }
        return cls(estimates, len(answers))

    def __getitem__(self, name: str) -> float:
        """The value of `recall@1`, `mrr`, `median_rank` and so on."""
        return self.estimates[name].value


def differences(
    one: Answers,
    other: Answers,
    *,
    cutoffs: Sequence[int] = CUTOFFS,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> dict[str, Estimate]:
    """By how many points `other` is better than `one` on the same queries, by metric.

    The bootstrap is paired: both are measured on each draw. An interval without 0 says that one is
    better. Raises ValueError where the queries are not the same.
    """
    if len(one) != len(other) or (one.groups != other.groups).any():
        raise ValueError("only answers to the same queries can be compared")
    once = np.ones((1, len(one)))
    values = _totals(one, once, cutoffs), _totals(other, once, cutoffs)
    drawn = _drawn(one, cutoffs, resamples), _drawn(other, cutoffs, resamples)
    return {
        name: Estimate(
            float(values[1][name][0] - values[0][name][0]),
            *_bounds(drawn[1][name] - drawn[0][name], confidence),
        )
        for name in values[0]
        if name != MEDIAN_RANK
    }


def _discount(ranks: NDArray[Any]) -> Floats:
    return np.asarray(1 / np.log2(1 + ranks), dtype=np.float64)


def _totals(answers: Answers, weights: Floats, cutoffs: Sequence[int]) -> dict[str, Floats]:
    """Each metric over all queries, under each of B weightings of them (B, Q): (B,)."""
    metrics = per_query(answers, cutoffs)
    means = weights @ np.stack(list(metrics.values()), axis=1) / weights.sum(axis=1, keepdims=True)
    totals = {name: 100.0 * means[:, column] for column, name in enumerate(metrics)}
    return totals | {MEDIAN_RANK: _median(answers.best_ranks, weights)}


def _median(values: Floats, weights: Floats) -> Floats:
    """The medians of values (Q,) that count as often as each row of weights (B, Q) says."""
    order = np.argsort(values)
    values, passed = values[order], np.cumsum(weights[:, order], axis=1)
    half = passed[:, -1:] / 2
    low = values[np.argmax(passed >= half, axis=1)]
    return np.asarray((low + values[np.argmax(passed > half, axis=1)]) / 2)


def _drawn(answers: Answers, cutoffs: Sequence[int], resamples: int) -> dict[str, Floats]:
    parts = [_totals(answers, weights, cutoffs) for weights in _draws(answers.groups, resamples)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _draws(groups: NDArray[np.int64], resamples: int) -> Iterator[Floats]:
    """How often each query is drawn, (B, Q), a few resamples at a time."""
    _, member_of = np.unique(groups, return_inverse=True)
    count = int(member_of.max()) + 1
    rng = np.random.default_rng(0)
    at_once = max(1, _WEIGHTS_AT_ONCE // len(groups))
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        chosen = rng.integers(0, count, (rows, count)) + count * np.arange(rows)[:, None]
        times = np.bincount(chosen.ravel(), minlength=rows * count).reshape(rows, count)
        yield times[:, member_of].astype(np.float64)


def _bounds(drawn: Floats, confidence: float) -> tuple[float, float]:
    # Percentiles without interpolation: a median rank may be infinite.
    ordered = np.sort(drawn)
    outside = round((1 - confidence) / 2 * len(ordered))
    last = len(ordered) - 1
    return float(ordered[min(outside, last // 2)]), float(ordered[max(last - outside, last // 2)])
