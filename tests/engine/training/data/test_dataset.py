"""The data of a training run."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from engine.errors import CaptionsError, RecipeError
from engine.training.data import captioned, dataset
from engine.training.data.dataset import TrainingData
from engine.training.recipe import Recipe, Stage
from tests.engine.training.made_data import (
    PHOTOS,
    STAGE,
    made_recipe,
    source,
    write_archive,
    write_lines,
)


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
