import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as reference  # noqa: TID253 - what ours are checked against

from engine.training.metrics import (
    MEDIAN_RANK,
    Answers,
    Metrics,
    differences,
    per_query,
    ranks_in_list,
    ranks_of_scores,
    recall_of_scores,
)

QUERIES, CANDIDATES = 60, 30


@pytest.fixture
def scores() -> NDArray[np.float32]:
    """No two scores of a query are equal."""
    rng = np.random.default_rng(1)
    rows = [rng.permutation(CANDIDATES) for _ in range(QUERIES)]
    return np.stack(rows).astype(np.float32)


@pytest.fixture
def gains() -> NDArray[np.int64]:
    """One right answer or several to each query, of three grades."""
    rng = np.random.default_rng(2)
    grades = rng.integers(1, 4, (QUERIES, CANDIDATES)) * (rng.random((QUERIES, CANDIDATES)) < 0.2)
    grades[:, 0] = np.maximum(grades[:, 0], 1)
    return grades


def answers_of(scores: NDArray[np.float32], gains: NDArray[np.int64]) -> Answers:
    right = [{int(c): float(row[c]) for c in np.flatnonzero(row)} for row in gains]
    return Answers.of(ranks_of_scores(scores, right))


def with_ranks(*ranks: float) -> Answers:
    return Answers.of([([rank], [1.0]) for rank in ranks])


def test_average_precision_is_that_of_scikit_learn(scores, gains) -> None:
    found = per_query(answers_of(scores, gains))["map"]
    expected = [
        reference.average_precision_score(grades > 0, row)
        for grades, row in zip(gains, scores, strict=True)
    ]
    assert found == pytest.approx(expected)
    whole = reference.label_ranking_average_precision_score(gains > 0, scores)
    assert found.mean() == pytest.approx(whole)


@pytest.mark.parametrize("k", [1, 5, 10, CANDIDATES])
def test_ndcg_is_that_of_scikit_learn(scores, gains, k: int) -> None:
    found = per_query(answers_of(scores, gains), [k])[f"ndcg@{k}"]
    assert found.mean() == pytest.approx(reference.ndcg_score(gains, scores, k=k))


@pytest.mark.parametrize("k", [1, 5, 10])
def test_precision_found_and_f1_are_those_of_scikit_learn(scores, gains, k: int) -> None:
    found = per_query(answers_of(scores, gains), [k])
    right, first = gains > 0, scores >= CANDIDATES - k
    for name, function in (
        ("precision", reference.precision_score),
        ("found", reference.recall_score),
        ("f1", reference.f1_score),
    ):
        expected = function(right, first, average="samples", zero_division=0)
        assert found[f"{name}@{k}"].mean() == pytest.approx(expected)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_recall_with_one_right_answer_is_the_top_k_accuracy(scores, k: int) -> None:
    own = np.arange(QUERIES) % CANDIDATES
    expected = reference.top_k_accuracy_score(own, scores, k=k, labels=np.arange(CANDIDATES))
    found = Metrics.of(Answers.of(ranks_of_scores(scores, [{int(c): 1.0} for c in own])))
    assert found[f"recall@{k}"] == pytest.approx(100 * expected)
    assert recall_of_scores(scores, own)[k] == pytest.approx(100 * expected)


def test_reciprocal_rank_is_that_of_the_first_right_answer(scores, gains) -> None:
    best = np.where(gains > 0, scores, -1).max(axis=1)
    expected = 1 / (CANDIDATES - best)
    assert per_query(answers_of(scores, gains))["mrr"] == pytest.approx(expected)


def test_metrics_of_known_ranks_are_what_they_are_called() -> None:
    metrics = Metrics.of(with_ranks(1, 3, 7, np.inf))
    assert [metrics[f"recall@{k}"] for k in (1, 5, 10)] == [25, 50, 75]
    assert metrics[MEDIAN_RANK] == 5
    assert metrics["mrr"] == pytest.approx(100 * (1 + 1 / 3 + 1 / 7) / 4)
    assert metrics["precision@5"] == pytest.approx(10)
    assert metrics.queries == 4
    assert Metrics.of(with_ranks(1, np.inf, np.inf))[MEDIAN_RANK] == np.inf


def test_what_a_list_lacks_was_not_found() -> None:
    assert ranks_in_list("abcd", {"d": 1.0, "x": 2.0, "b": 3.0}) == ([2, 4, np.inf], [3, 1, 2])


@pytest.mark.parametrize("found", [[], [([], [])]])
def test_a_query_without_a_right_answer_is_a_mistake(found) -> None:
    with pytest.raises(ValueError, match="right answer"):
        Answers.of(found)


SCORES = st.lists(st.integers(0, 4), min_size=3, max_size=12)


@given(values=SCORES, data=st.data())
def test_ties_are_broken_against_the_right_answer(values: list[int], data: st.DataObject) -> None:
    right = data.draw(st.integers(0, len(values) - 1))
    scores = np.array([values], np.float32)
    ((ranks, _),) = ranks_of_scores(scores, [{right: 1.0}])
    assert ranks == [sum(value >= values[right] for value in values)]
    assert recall_of_scores(scores, np.array([right]), [ranks[0]]) == {ranks[0]: 100}
    assert recall_of_scores(scores, np.array([right]), [ranks[0] - 1]) == {ranks[0] - 1: 0}


@given(values=SCORES, data=st.data())
def test_metrics_lie_between_0_and_1_and_rise_with_the_right_answer(values, data) -> None:
    count = len(values)
    right = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    gains = {column: float(data.draw(st.integers(1, 3))) for column in right}
    before = np.array([values], np.float32)
    after = before.copy()
    after[0, data.draw(st.sampled_from(sorted(right)))] += data.draw(st.integers(0, 4))
    lower, upper = (per_query(Answers.of(ranks_of_scores(s, [gains]))) for s in (before, after))
    for name in lower:
        assert 0 <= lower[name][0] <= 1 + 1e-9
        # A right answer of little gain may pass one of more: nDCG alone then falls.
        if not name.startswith("ndcg") or len(set(gains.values())) == 1:
            assert lower[name][0] <= upper[name][0] + 1e-9


@given(values=SCORES, data=st.data())
def test_the_order_of_candidates_changes_nothing(values, data) -> None:
    order = data.draw(st.permutations(range(len(values))))
    right = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1))
    scores = np.array([values], np.float32)
    moved = {order.index(column): 1.0 for column in right}
    assert ranks_of_scores(scores, [dict.fromkeys(right, 1.0)]) == ranks_of_scores(
        scores[:, order], [moved]
    )


def test_recall_with_several_right_answers_is_the_same_in_training(scores, gains) -> None:
    metrics = Metrics.of(answers_of(scores, gains))
    for k, recall in recall_of_scores(scores, gains > 0).items():
        assert recall == pytest.approx(metrics[f"recall@{k}"])


def test_intervals_are_those_of_scipys_bootstrap(scores, gains) -> None:
    answers = answers_of(scores, gains)
    estimates = Metrics.of(answers, confidence=0.9, resamples=4_000).estimates
    for name, values in per_query(answers).items():
        expected = stats.bootstrap(
            (100 * values,),
            np.mean,
            confidence_level=0.9,
            n_resamples=4_000,
            method="percentile",
            rng=np.random.default_rng(3),
        ).confidence_interval
        assert estimates[name].low == pytest.approx(expected.low, abs=1.5)
        assert estimates[name].high == pytest.approx(expected.high, abs=1.5)
        assert estimates[name].low <= estimates[name].value <= estimates[name].high


def test_the_median_rank_of_a_draw_is_that_of_its_queries() -> None:
    ranks = np.random.default_rng(4).integers(1, 100, 25).astype(float)
    medians = Metrics.of(with_ranks(*ranks), resamples=2_000).estimates[MEDIAN_RANK]
    expected = stats.bootstrap(
        (ranks,), np.median, method="percentile", n_resamples=2_000, rng=np.random.default_rng(0)
    ).confidence_interval
    assert medians.value == np.median(ranks)
    assert medians.low == pytest.approx(expected.low, abs=6)
    assert medians.high == pytest.approx(expected.high, abs=6)


def test_more_confidence_widens_an_interval(scores, gains) -> None:
    answers = answers_of(scores, gains)
    some, most = (Metrics.of(answers, confidence=c).estimates["map"] for c in (0.5, 0.99))
    assert most.low < some.low < some.high < most.high


def test_queries_of_one_group_do_not_narrow_the_interval() -> None:
    ranks = [([float(rank)], [1.0]) for rank in np.random.default_rng(5).integers(1, 20, 40)]
    alone = Metrics.of(Answers.of(ranks))
    copies = Answers.of([rank for rank in ranks for _ in range(5)], np.repeat(np.arange(40), 5))
    grouped = Metrics.of(copies)
    ungrouped = Metrics.of(Answers.of([rank for rank in ranks for _ in range(5)]))
    for name, estimate in alone.estimates.items():
        assert grouped.estimates[name].value == pytest.approx(estimate.value)
        assert grouped.estimates[name].low == pytest.approx(estimate.low)
        assert grouped.estimates[name].high == pytest.approx(estimate.high)
    width = [m.estimates["mrr"].high - m.estimates["mrr"].low for m in (grouped, ungrouped)]
    assert width[1] < 0.7 * width[0]


def test_a_model_differs_from_itself_by_nothing_and_a_better_one_by_more(scores, gains) -> None:
    answers = answers_of(scores, gains)
    for estimate in differences(answers, answers).values():
        assert (estimate.value, estimate.low, estimate.high) == (0, 0, 0)
    better = answers_of(scores + 8 * (gains > 0), gains)
    assert differences(answers, better)["map"].low > 0
    assert differences(better, answers)["map"].high < 0


def test_answers_to_other_queries_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same queries"):
        differences(with_ranks(1, 2), with_ranks(1, 2, 3))


def test_the_same_answers_give_the_same_intervals(scores, gains) -> None:
    assert Metrics.of(answers_of(scores, gains)) == Metrics.of(answers_of(scores, gains))
