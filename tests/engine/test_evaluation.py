import json
import shutil
from pathlib import Path

import pytest

from engine.errors import CaptionsError
from engine.evaluation import Metrics, evaluate, read_captions

CAPTIONS = {
    "cat": ["a close portrait of a ginger cat", "a cat looks into the camera"],
    "rocket": ["a rocket on its launch pad", "a space rocket before the launch"],
    "coffee": ["a cup of coffee on a table", "a coffee cup with a spoon"],
}


@pytest.fixture
def captions(tmp_path: Path, real_photos) -> Path:
    rows = []
    for name, texts in CAPTIONS.items():
        photo = tmp_path / f"{name}{real_photos[name].suffix}"
        shutil.copyfile(real_photos[name], photo)
        rows.append({"file": photo.name, "split": "dev", "en": texts, "zh": ["一张照片"]})
    rows.append(rows[0] | {"split": "train"})
    file = tmp_path / "captions.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    return file


def test_every_direction_and_language_is_measured(captions: Path) -> None:
    photos = read_captions(captions)
    assert len(photos) == 3
    report = evaluate(photos)
    assert set(report) == {"text_to_image", "image_to_text"}
    for by_language in report.values():
        assert set(by_language) == {"en", "zh"}
    english = report["text_to_image"]["en"]
    assert english.recall[1] >= 60
    assert english.recall[5] == 100
    assert english.queries == 6
    assert report["image_to_text"]["en"].recall[5] == 100


def test_metrics_are_what_they_are_called() -> None:
    metrics = Metrics.of([1, 3, 7, float("inf")])
    assert metrics.recall == {1: 25.0, 5: 50.0, 10: 75.0}
    assert metrics.median_rank == 5
    assert set(metrics.as_json()) == {
        "recall@1",
        "recall@5",
        "recall@10",
        "median_rank",
        "queries",
    }


@pytest.mark.parametrize("line", ["{", '{"en": ["x"]}', '{"file": "missing.jpg"}', "[]"])
def test_a_line_that_cannot_be_used_is_named(captions: Path, line: str) -> None:
    captions.write_text(captions.read_text() + "\n" + line)
    with pytest.raises(CaptionsError, match="line 5"):
        read_captions(captions)


def test_a_split_without_photos_is_an_error(captions: Path) -> None:
    with pytest.raises(CaptionsError, match="nothing to evaluate"):
        read_captions(captions, "test")
