"""The steps that are cut from the data of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import CaptionsError
from engine.training.data import dataset
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.data.steps import Loader, Step
from engine.training.recipe import Losses, Recipe
from tests.engine.training.made_data import (
    PHOTOS,
    made_recipe,
    source,
    write_lines,
)


@pytest.fixture(scope="module")
def loader(learnt: tuple[Recipe, TrainingData]) -> Loader:
    recipe, data = learnt
    return Loader(data, CaptionTable(data.captioned, recipe.languages), recipe)


def same(one: Step, other: Step) -> bool:
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in Step.__slots__)


def test_what_is_held_out_is_in_no_step(
    learnt: tuple[Recipe, TrainingData], loader: Loader
) -> None:
    _, data = learnt
    known = {sentence.text for sentence in data.sentences}
    kept = {data.texts[0].sentences[number].text for number in data.texts[0].kept}
    assert known == kept
    for number in range(30):
        step = loader.step(0, number)
        assert step.labelled.max() < len(data.labelled)
        assert step.sentences.max() < len(data.sentences)
        assert step.photos.max() < len(data.captioned)


def test_a_step_holds_what_belongs_together(
    learnt: tuple[Recipe, TrainingData], loader: Loader
) -> None:
    recipe, data = learnt
    table = CaptionTable(data.captioned, recipe.languages)
    for number in range(8):
        step = loader.step(0, number)
        assert step.pixels.shape == (5, 32, 32, 3)
        assert step.pixels.dtype == np.uint8
        assert step.captions.shape == (3, 2)
        assert (table.owners[step.captions] == step.photos[:, None]).all()
        assert (table.owners[step.others[:, 1]] == step.photos[step.others[:, 0]]).all()
        texts = [table.texts[caption] for caption in (*step.captions.flat, *step.more)]
        assert not any("照片" in text for text in texts)
        assert all("照片" in table.texts[caption] for caption in step.others[:, 1])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 9), st.integers(0, 7), st.integers(0, 1), st.integers(1, 3))
def test_steps_are_the_same_whenever_they_are_asked_for(
    loader: Loader, start: int, count: int, stage: int, threads: int
) -> None:
    with loader.steps(stage, start, start + count, threads) as steps:
        found = list(steps)
    assert len(found) == count
    assert all(same(one, loader.step(stage, start + n)) for n, one in enumerate(found))


def test_steps_may_be_left_before_their_end(loader: Loader) -> None:
    with loader.steps(0, 0, 10_000) as steps:
        assert same(next(steps), loader.step(0, 0))


def test_seeds_stages_and_epochs_give_other_steps(
    learnt: tuple[Recipe, TrainingData], loader: Loader
) -> None:
    recipe, data = learnt
    other = Loader(
        data, CaptionTable(data.captioned, recipe.languages), made_recipe(seed=1, texts=())
    )
    first = loader.step(0, 0)
    for step in (loader.step(1, 0), loader.step(0, PHOTOS // 3), other.step(0, 0)):
        assert not np.array_equal(first.pixels, step.pixels)
        assert not np.array_equal(first.photos, step.photos)


def test_no_photo_comes_twice_in_an_epoch_and_all_come_in_time(loader: Loader) -> None:
    per_epoch = PHOTOS // 3
    seen: set[int] = set()
    for epoch in range(12):
        of_epoch = [
            int(photo)
            for place in range(per_epoch)
            for photo in loader.step(0, epoch * per_epoch + place).photos
        ]
        assert len(set(of_epoch)) == len(of_epoch) == per_epoch * 3
        seen |= set(of_epoch)
    assert seen == set(range(PHOTOS))


def test_without_labels_texts_or_other_languages_steps_have_none(root: Path) -> None:
    recipe = made_recipe(languages=("en",), losses=Losses(more_captions=0))
    data = dataset.load(recipe, root, root / "unpacked")
    step = Loader(data, CaptionTable(data.captioned, ("en",)), recipe).step(0, 0)
    assert step.pixels.shape[0] == 3
    assert (step.labelled.shape, step.sentences.shape) == ((0,), (0,))
    assert (step.others.shape, step.more.shape) == ((0, 2), (0,))


def test_a_broken_photo_is_named(root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes((root / "0.png").read_bytes()[:60])
    write_lines(tmp_path / "broken.jsonl", [{"file": str(broken), "en": ["it"]}] * 3)
    recipe = made_recipe(captioned=(source(str(tmp_path / "broken.jsonl")),))
    data = dataset.load(recipe, root, tmp_path / "unpacked")
    loader = Loader(data, CaptionTable(data.captioned, ("en",)), recipe)
    with loader.steps(0, 0, 5) as steps, pytest.raises(CaptionsError, match="broken") as caught:
        next(steps)
    assert caught.value.path == broken
