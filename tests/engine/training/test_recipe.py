"""Recipes of training runs, as people write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RecipeError
from engine.training import recipe

SOURCE = {"path": "photos/captions.jsonl", "name": "Photos", "terms": "CC0"}
MINIMAL: dict[str, Any] = {
    "name": "small",
    "title": "A small model",
    "version": "1",
    "captioned": [SOURCE],
    "dev": SOURCE | {"split": "dev"},
    "stages": [{"name": "heads", "epochs": 0.5, "edge_px": 128}],
}


def written(file: Path, contents: object) -> Path:
    file.write_text(json.dumps(contents), encoding="utf-8")
    return file


def changed(where: str, value: object) -> dict[str, Any]:
    """MINIMAL with a value set, at `a.b` or `a.0.b`."""
    made: dict[str, Any] = json.loads(json.dumps(MINIMAL))
    *parents, last = where.split(".")
    inside: Any = made
    for key in parents:
        inside = inside[int(key)] if key.isdigit() else inside.setdefault(key, {})
    inside[last] = value
    return made


def test_what_a_recipe_leaves_out_has_a_default(tmp_path: Path) -> None:
    read = recipe.read(written(tmp_path / "recipe.json", MINIMAL))
    assert read.captioned == (recipe.Source("photos/captions.jsonl", "Photos", "CC0"),)
    assert read.dev.split == "dev"
    assert read.stages == (recipe.Stage("heads", epochs=0.5, edge_px=128),)
    assert (read.languages, read.towers, read.losses) == (("en",), recipe.Towers(), recipe.Losses())
    assert read.towers.image is None


def test_a_recipe_written_out_whole_is_the_same_recipe(tmp_path: Path) -> None:
    origin = {"path": "m.tflite", "name": "M", "licence": "Apache-2.0", "trained_on": "ImageNet"}
    full = changed("towers.image", origin) | {"languages": ["en", "zh"], "texts": [SOURCE]}
    full["stages"].append({"name": "all", "epochs": 2, "edge_px": 224, "frozen_blocks": "all"})
    read = recipe.read(written(tmp_path / "recipe.json", full))
    whole = recipe.as_json(read)
    assert recipe.read(written(tmp_path / "whole.json", whole)) == read
    assert set(whole) == set(recipe.Recipe.__struct_fields__)
    assert recipe.as_json(recipe.read(tmp_path / "whole.json")) == whole


@pytest.mark.parametrize(
    ("where", "value", "named"),
    [
        ("stages.0.epoch", 1, r"unknown field `epoch` - at `\$\.stages\[0\]`"),
        ("losses.contrast", "softmax", r"'softmax' - at `\$\.losses\.contrast`"),
        ("losses.label_smoothing", 1.5, r"\$\.losses\.label_smoothing"),
        ("losses.temperature", 0, r"\$\.losses\.temperature"),
        ("losses.labels", -1, r"\$\.losses\.labels"),
        ("towers.dimension", "384", r"Expected `int`, got `str` - at `\$\.towers\.dimension`"),
        ("towers.width", 30, r"\$\.towers\.width"),
        ("towers.layers", -1, r"\$\.towers\.layers"),
        ("towers.image", {"path": "m.tflite"}, r"missing required field `name` - at `\$\.towers"),
        ("stages.0.epochs", 0, r"\$\.stages\[0\]\.epochs"),
        ("stages.0.edge_px", 16, r"\$\.stages\[0\]\.edge_px"),
        ("stages.0.photos", 1, r"\$\.stages\[0\]\.photos"),
        ("stages.0.accumulated", 0, r"\$\.stages\[0\]\.accumulated"),
        ("stages.0.frozen_blocks", "some", r"\$\.stages\[0\]\.frozen_blocks"),
        ("stages.0.frozen_blocks", -1, r"\$\.stages\[0\]\.frozen_blocks"),
        ("stages.0.branches", "both", r"stages\[0\].*name what it begins with as towers\.second"),
        ("stages.0.trunk_rate", -1e-3, r"\$\.stages\[0\]\.trunk_rate"),
        ("stages", [], r"length >= 1 - at `\$\.stages`"),
        ("captioned", [], r"length >= 1 - at `\$\.captioned`"),
        ("languages", [], r"length >= 1 - at `\$\.languages`"),
        ("dev", None, r"\$\.dev"),
        ("seed", -1, r"\$\.seed"),
        ("patience", 0, r"\$\.patience"),
        ("checks_per_stage", 0, r"\$\.checks_per_stage"),
        ("losses.taught_photos", 1, r"name it as towers\.text"),
        ("stages.0.losses", {"taught_captions": 1}, r"name it as towers\.text"),
        ("losses.mimicked_affinities", 1, r"name the ensemble"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(
    tmp_path: Path, where: str, value: object, named: str
) -> None:
    file = written(tmp_path / "recipe.json", changed(where, value))
    with pytest.raises(RecipeError, match=named) as caught:
        recipe.read(file)
    assert caught.value.path == file


@pytest.mark.parametrize("key", [*MINIMAL])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    rest = {other: value for other, value in MINIMAL.items() if other != key}
    with pytest.raises(RecipeError, match=f"required field `{key}`"):
        recipe.read(written(tmp_path / "recipe.json", rest))


@pytest.mark.parametrize("contents", [b"", b"name: small", b'{"name": ', b"[]", b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(tmp_path: Path, contents: bytes) -> None:
    file = tmp_path / "recipe.json"
    file.write_bytes(contents)
    with pytest.raises(RecipeError, match=r"recipe\.json") as caught:
        recipe.read(file)
    assert caught.value.path == file


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_recipe_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe.read(tmp_path / name)
    assert caught.value.path == tmp_path / name


def test_an_ensemble_may_come_with_the_stage_that_it_teaches(tmp_path: Path) -> None:
    before = recipe.read(written(tmp_path / "before.json", MINIMAL))
    origin = {"path": "m", "name": "M", "licence": "Apache-2.0", "trained_on": "photos"}
    longer = changed("ensemble", [origin])
    longer["stages"].append(
        {"name": "taught", "epochs": 1, "edge_px": 128, "losses": {"mimicked_affinities": 1}}
    )
    after = recipe.read(written(tmp_path / "after.json", longer))
    assert after.lengthens(before, 0)
    other = recipe.read(written(tmp_path / "other.json", longer | {"ensemble": [origin] * 2}))
    assert other.lengthens(after, 0)
    assert not other.lengthens(after, 1)
