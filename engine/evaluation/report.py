"""Says what was measured: as a table for people, as JSON for scripts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.training.metrics import CONFIDENCE, MEDIAN_RANK, Answers, Estimate, Metrics, differences

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

COLUMNS = ("recall@1", "recall@5", "recall@10", "precision@5", "f1@5", "ndcg@10", "mrr", "map")
COMPARED = ("recall@1", "recall@10", "map")


class Through(StrEnum):
    """How a model is asked: cosines of its vectors alone, or all that a search does."""

    ENCODER = "encoder"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """How one model did in one task and language."""

    model: str
    through: Through
    task: str
    language: str
    answers: Answers
    metrics: Metrics

    @classmethod
    def of(
        cls, model: str, through: Through, about: tuple[str, str], answers: Answers, level: float
    ) -> Result:
        """The result of answers about a task and language, with intervals of confidence `level`."""
        return cls(model, through, *about, answers, Metrics.of(answers, confidence=level))


Report = dict[str, dict[str, Metrics]]
"""Metrics by task (`text_to_image`, …) and language."""


def by_task(results: Sequence[Result]) -> Report:
    """The metrics of one model, asked in one way."""
    report: Report = {}
    for result in results:
        report.setdefault(result.task, {})[result.language] = result.metrics
    return report


def as_json(results: Sequence[Result], confidence: float = CONFIDENCE) -> dict[str, object]:
    """What `keepsight eval --json` prints.

    The first model's metrics by task and language; under `runs`, those of every model and way; and
    where models were compared, by how many points each is better than the first.
    """
    runs: dict[tuple[str, Through], list[Result]] = {}
    for result in results:
        runs.setdefault((result.model, result.through), []).append(result)
    tasks = [
        {
            task: {language: _metrics(metrics) for language, metrics in by_language.items()}
            for task, by_language in by_task(run).items()
        }
        for run in runs.values()
    ]
    return {
        **tasks[0],
        "confidence": confidence,
        "runs": [
            {"model": model, "through": through, **of_run}
            for (model, through), of_run in zip(runs, tasks, strict=True)
        ],
        "differences": [
            {
                "model": other.model,
                "beside": one.model,
                "through": one.through,
                "task": one.task,
                "language": one.language,
                **{name: _interval(estimate) for name, estimate in better.items()},
            }
            for one, other, better in _compared(results, confidence)
        ],
    }


def table(results: Sequence[Result], confidence: float = CONFIDENCE) -> str:
    """A table for people, with the interval of recall@1; then how far models differ."""
    rows = [
        ["model", "through", "task", "language", *COLUMNS, "median rank", "queries", "recall@1"]
    ]
    for result in results:
        metrics = result.metrics
        interval = metrics.estimates["recall@1"]
        rows.append(
            [
                *(result.model, result.through, result.task, result.language),
                *(f"{metrics[name]:.1f}" for name in COLUMNS),
                f"{metrics[MEDIAN_RANK]:g}",
                f"{metrics.queries}",
                f"{interval.low:.1f} to {interval.high:.1f}",
            ]
        )
    lines = _aligned(rows, left=4)
    lines.append(
        f"In per cent, but the median rank. The last column: {confidence:.0%} confidence interval."
    )
    lines += [
        f"{other.model} beside {one.model}, {one.through}, {one.task} {one.language}: "
        + ", ".join(
            f"{name} {by.value:+.1f} ({by.low:+.1f} to {by.high:+.1f})"
            for name, by in better.items()
            if name in COMPARED
        )
        for one, other, better in _compared(results, confidence)
    ]
    return "\n".join(lines)


def ranks_table(marked: Sequence[Mapping[str, Any]]) -> str:
    """For people, the rank of the first right answer to each query, by model."""
    models = list(marked[0]["ranks"])
    rows = [["query", *models]]
    rows += [
        [mark["query"], *(str(mark["ranks"][model] or "not found") for model in models)]
        for mark in marked
    ]
    return "\n".join(_aligned(rows, left=1))


def _compared(
    results: Sequence[Result], confidence: float
) -> Iterator[tuple[Result, Result, dict[str, Estimate]]]:
    """Every model beside the first, where both were asked the same."""
    first = {
        (result.through, result.task, result.language): result
        for result in results
        if result.model == results[0].model
    }
    for other in results:
        one = first.get((other.through, other.task, other.language))
        if one is not None and other.model != one.model:
            yield one, other, differences(one.answers, other.answers, confidence=confidence)


def _metrics(metrics: Metrics) -> dict[str, object]:
    return {
        **{name: _number(estimate.value) for name, estimate in metrics.estimates.items()},
        "queries": metrics.queries,
        "intervals": {
            name: [_number(estimate.low), _number(estimate.high)]
            for name, estimate in metrics.estimates.items()
        },
    }


def _interval(estimate: Estimate) -> dict[str, float | None]:
    return {
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
    }


def _number(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None


def _aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
