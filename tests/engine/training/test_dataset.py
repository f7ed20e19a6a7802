"""The data of a training run, and the steps cut from it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import CaptionsError, RecipeError
from engine.training import captioned, dataset
from engine.training.dataset import CaptionTable, Loader, Step, TrainingData
from engine.training.recipe import Losses, Recipe, Source, Stage

PHOTOS = 13
STAGE = Stage("only", epochs=1, edge_px=32, photos=3, labelled=2, texts=2)
LOSSES = Losses(captions_per_photo=2, more_captions=4)


def source(path: str, **changed: Any) -> Source:
    return Source(path, "Some", "CC0", **changed)


def made_recipe(**changed: Any) -> Recipe:
    given_or_default: dict[str, Any] = {
        "captioned": (source("captions.jsonl", split="train"),),
        "dev": source("captions.jsonl", split="dev"),
        "stages": (STAGE, STAGE),
        "languages": ("en", "zh"),
        "losses": LOSSES,
    }
    return Recipe("small", "Small", "1", **(given_or_default | changed))


def write_lines(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def write_archive(file: Path, rows: Sequence[dict[str, Any]], members: dict[str, bytes]) -> Path:
    """A tar with an index of photos, and other members by name."""
    index = "\n".join(map(json.dumps, rows)).encode()
    with tarfile.open(file, "w") as archive:
        for name, contents in {dataset.INDEX: index, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return file


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, make_photo) -> Path:
    """Captioned photos with a split, an archive of labelled ones, and texts."""
    folder = tmp_path_factory.mktemp("data")
    rows: list[dict[str, Any]] = []
    for number in range(PHOTOS + 2):
        path = make_photo(folder / f"{number}.png", number, (16, 12))
        row = {"file": path.name, "split": "train" if number < PHOTOS else "dev"}
        row |= {"en": [f"photo {number}", f"picture {number}", f"the {number}th"][: number % 3 + 1]}
        rows.append(row | ({"zh": [f"照片{number}"]} if number % 2 else {}))
    write_lines(folder / "captions.jsonl", rows)
    labelled = {
        f"{number}.png": make_photo(folder / "own" / f"{number}.png", 50 + number).read_bytes()
        for number in range(10)
    }
    write_archive(
        folder / "labelled.tar",
        [{"file": name, "labels": [f"label {int(name[0]) % 3}"]} for name in labelled],
        labelled,
    )
    write_lines(folder / "texts.jsonl", [{"text": f"text {number}"} for number in range(40)])
    return folder


@pytest.fixture(scope="module")
def learnt(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, TrainingData]:
    recipe = made_recipe(
        labelled=(source("labelled.tar", held_out_every=5),),
        texts=(source("texts.jsonl", held_out_every=4),),
    )
    return recipe, dataset.load(recipe, root, tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="module")
def loader(learnt: tuple[Recipe, TrainingData]) -> Loader:
    recipe, data = learnt
    return Loader(data, CaptionTable(data.captioned, recipe.languages), recipe)


def same(one: Step, other: Step) -> bool:
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in Step.__slots__)


def test_lines_and_archives_are_read(root: Path, learnt: tuple[Recipe, TrainingData]) -> None:
    _, data = learnt
    assert [photo.path for photo in data.captioned] == [root / f"{n}.png" for n in range(PHOTOS)]
    assert data.captioned[1].captions == {"en": ("photo 1", "picture 1"), "zh": ("照片1",)}
    assert [photo.path.name for photo in data.dev] == ["13.png", "14.png"]
    assert data.labels == ["label 0", "label 1", "label 2"]
    assert len(data.sentences) == len(data.texts[0].kept) < 40


def test_every_nth_photo_is_held_out(learnt: tuple[Recipe, TrainingData]) -> None:
    _, data = learnt
    assert [photo.path.stem for photo in data.held_out] == ["4", "9"]
    assert [photo.path.stem for photo in data.labelled] == list("01235678")


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


def test_a_photo_with_captions_and_labels_is_both(root: Path, tmp_path: Path, make_photo) -> None:
    rows = [
        {"file": str(make_photo(tmp_path / f"{n}.png", n)), "en": ["it"], "labels": ["a"]}
        for n in range(4)
    ]
    write_lines(tmp_path / "both.jsonl", [*rows[:3], rows[3] | {"en": []}])
    dev = source(str(root / "captions.jsonl"), split="dev")
    data = dataset.load(
        made_recipe(captioned=(source("both.jsonl"),), dev=dev), tmp_path, tmp_path / "unpacked"
    )
    assert (len(data.captioned), len(data.labelled)) == (3, 4)


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


def test_a_document_is_no_photo(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are notes.")
    with pytest.raises(CaptionsError, match=r"notes\.txt"):
        captioned.squashed(tmp_path / "notes.txt", 32)


def test_fewer_photos_than_a_step_takes_are_too_few(root: Path, tmp_path: Path) -> None:
    large = Stage("large", epochs=1, edge_px=32, photos=PHOTOS + 1)
    with pytest.raises(CaptionsError, match=f"hold {PHOTOS} photos with captions in “en”"):
        dataset.load(made_recipe(stages=(STAGE, large)), root, tmp_path)


def test_dev_photos_without_captions_to_steer_by_are_refused(
    root: Path, tmp_path: Path, make_photo
) -> None:
    photo = make_photo(tmp_path / "a.png")
    file = write_lines(tmp_path / "dev.jsonl", [{"file": str(photo), "zh": ["照片"]}])
    with pytest.raises(CaptionsError, match="caption in “en”") as caught:
        dataset.load(made_recipe(dev=source(str(file))), root, tmp_path)
    assert caught.value.path == file


def test_a_dev_photo_is_never_trained_on(root: Path, tmp_path: Path) -> None:
    """Without a split, what models are evaluated on is read."""
    with pytest.raises(CaptionsError, match=r"13\.png is measured"):
        dataset.load(
            made_recipe(
                captioned=(source("captions.jsonl"),),
                stages=(Stage("tiny", epochs=1, edge_px=32, photos=2),),
            ),
            root,
            tmp_path,
        )


@pytest.mark.parametrize("name", ["../escaped.png", "/tmp/keepsight-escaped.png"])
def test_an_archive_that_leaves_its_folder_is_refused(
    root: Path, tmp_path: Path, name: str
) -> None:
    archive = write_archive(tmp_path / "bad.tar", [], {name: b"x"})
    recipe = made_recipe(labelled=(source(str(archive)),))
    if name.startswith("/"):  # which "data" reads as relative
        with pytest.raises(CaptionsError):
            dataset.load(recipe, root, tmp_path / "unpacked")
    else:
        with pytest.raises(CaptionsError, match="outside the destination") as caught:
            dataset.load(recipe, root, tmp_path / "unpacked")
        assert caught.value.path == archive
    assert not (tmp_path / "unpacked" / "escaped.png").exists()
    assert not Path("/tmp/keepsight-escaped.png").exists()


@pytest.mark.parametrize("keep", [0, 700, 5_000])
def test_a_damaged_archive_is_named(root: Path, tmp_path: Path, keep: int) -> None:
    archive = tmp_path / "cut.tar"
    archive.write_bytes((root / "labelled.tar").read_bytes()[:keep])
    with pytest.raises(CaptionsError):
        dataset.load(made_recipe(labelled=(source(str(archive)),)), root, tmp_path / "unpacked")


def test_unpacking_that_was_interrupted_begins_again(root: Path, tmp_path: Path) -> None:
    """The index lies before the photos, and must not pass for all of them."""
    unpacked = tmp_path / "unpacked"
    recipe = made_recipe(labelled=(source(str(tmp_path / "photos.tar")),))
    whole = (root / "labelled.tar").read_bytes()
    with tarfile.open(root / "labelled.tar") as archive:
        middle_of_last = archive.getmembers()[-1].offset_data + 10
    (tmp_path / "photos.tar").write_bytes(whole[:middle_of_last])
    with pytest.raises(CaptionsError, match=r"photos\.tar"):
        dataset.load(recipe, root, unpacked)
    (tmp_path / "photos.tar").write_bytes(whole)
    assert len(dataset.load(recipe, root, unpacked).labelled) == 10


def test_an_archive_is_unpacked_once(root: Path, tmp_path: Path) -> None:
    recipe = made_recipe(labelled=(source("labelled.tar"),))
    before = dataset.load(recipe, root, tmp_path).labelled
    stamps = [photo.path.stat().st_ctime_ns for photo in before]
    again = dataset.load(recipe, root, tmp_path).labelled
    assert again == before
    assert [photo.path.stat().st_ctime_ns for photo in again] == stamps


@pytest.mark.parametrize("name", ["missing.jsonl", "missing.tar"])
def test_missing_data_is_named(root: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises((CaptionsError, RecipeError)) as caught:
        dataset.load(made_recipe(captioned=(source(name),)), root, tmp_path)
    assert caught.value.path == root / name
