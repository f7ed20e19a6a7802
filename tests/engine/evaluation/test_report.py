import json
import re

import numpy as np
import pytest

from engine.evaluation.report import Result, Through, as_json, ranks_table, table
from engine.training.metrics import Answers


def result(model: str, *ranks: float, task: str = "text_to_image") -> Result:
    answers = Answers.of([([rank], [1.0]) for rank in ranks])
    return Result.of(model, Through.LIBRARY, (task, "en"), answers, 0.95)


@pytest.fixture
def results() -> list[Result]:
    return [
        result("first", 1, 3, 7, np.inf),
        result("first", 1, 1, task="image_to_text"),
        result("second", 1, 1, 1, 1),
        result("second", 2, 2, task="image_to_text"),
    ]


def test_the_json_has_the_first_models_metrics_by_task_and_language(results) -> None:
    report = json.loads(json.dumps(as_json(results), allow_nan=False))
    english = report["text_to_image"]["en"]
    assert [english[f"recall@{k}"] for k in (1, 5, 10)] == [25, 50, 75]
    assert (english["median_rank"], english["queries"]) == (5, 4)
    low, high = english["intervals"]["recall@5"]
    assert low < 50 < high
    assert report["confidence"] == 0.95


def test_the_json_has_every_model_under_runs(results) -> None:
    report = as_json(results)
    first, second = report["runs"]
    assert (first["model"], first["through"]) == ("first", "library")
    assert first["text_to_image"] == report["text_to_image"]
    assert second["image_to_text"]["en"]["recall@1"] == 0
    assert second["image_to_text"]["en"]["median_rank"] == 2


def test_models_are_compared_with_the_first(results) -> None:
    to_image, to_text = as_json(results)["differences"]
    assert (to_image["model"], to_image["beside"]) == ("second", "first")
    assert to_image["recall@1"]["value"] == 75
    assert to_text["recall@1"] == {"value": -100, "low": -100, "high": -100}
    assert as_json(results[:2])["differences"] == []


def test_a_median_rank_that_is_not_there_is_null() -> None:
    report = as_json([result("first", 1, np.inf, np.inf)])
    assert report["text_to_image"]["en"]["median_rank"] is None
    json.dumps(report, allow_nan=False)


def test_the_table_has_a_row_for_each_result_and_each_difference(results) -> None:
    lines = table(results).split("\n")
    assert len(lines) == 1 + 4 + 1 + 2
    assert re.match(r"first +library +text_to_image +en +25\.0 +50\.0 +75\.0 ", lines[1])
    assert "95%" in lines[5]
    assert lines[6].startswith("second beside first, library, text_to_image en: recall@1 +75.0 (")
    assert len({len(line) for line in lines[:5]}) == 1


def test_ranks_by_query_are_a_table(results) -> None:
    told = ranks_table([{"query": "a cat", "ranks": {"first": 3, "second": None}}])
    assert [line.split() for line in told.split("\n")] == [
        ["query", "first", "second"],
        ["a", "cat", "3", "not", "found"],
    ]
