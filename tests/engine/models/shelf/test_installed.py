"""Installed models: whole or not at all, and broken ones are told of, never a crash."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import filelock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.models.shelf.installed import RECORD, ModelStore, Origin

ORIGIN = Origin(
    title="A model",
    architecture="ViT-B-32",
    source="hub",
    licence="MIT",
    languages=("en", "zh"),
    templates=True,
)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def put(store: ModelStore, name: str = "mine") -> None:
    with store.staging(name) as folder:
        (folder / "weights").write_bytes(b"w" * 100)
        (folder / "leftover.part").write_bytes(b"x")
        (folder / "empty").mkdir()
        store.publish(name, ["weights"], ORIGIN)


def test_a_store_that_is_not_there_is_empty(store):
    assert store.models() == ()
    assert store.unfinished() == ()
    assert not store.remove("mine")


def test_what_is_published_is_there_with_its_origin_and_nothing_else(store):
    put(store)
    (model,) = store.models()
    assert model == store.model("mine")
    assert model.origin == ORIGIN
    assert (model.problem, model.size_bytes) == ("", 100)
    assert sorted(path.name for path in model.folder.iterdir()) == [RECORD, "weights"]
    record = json.loads((model.folder / RECORD).read_text())
    assert (record["languages"], record["licence"], record["templates"]) == (
        (["en", "zh"], "MIT", True)
    )


def test_a_name_becomes_its_folder_and_all_else_stays(store):
    put(store)
    assert store.resolve("mine") == f"openclip:{store.folder / 'mine'}"
    for other in ("starter", "not-here", "openclip:ViT-B-32/openai", "openclip:/a/b", "../mine"):
        assert store.resolve(other) == other


@given(st.text(max_size=80) | st.sampled_from(["..", ".", "a/b", "a\\b", "/etc", "C:x", "nul.txt"]))
def test_no_name_leaves_the_folder(tmp_path_factory, name):
    store = ModelStore(tmp_path_factory.getbasetemp() / "names")
    try:
        store.require_free(name)
    except ModelError:
        assert store.resolve(name) == name
        return
    assert (store.folder / name).parent == store.folder
    assert (store.folder / name).name == name


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".hidden", "starter", "CON", "nul.x"])
def test_names_that_could_be_something_else_are_refused(store, name):
    with pytest.raises(ModelError, match="cannot be called so"), store.staging(name):
        pass


def test_a_crash_before_publishing_leaves_no_model_but_what_can_be_gone_on_with(store):
    with pytest.raises(KeyError), store.staging("mine", resumable=True) as folder:
        (folder / "weights.part").write_bytes(b"half")
        raise KeyError
    assert store.models() == ()
    assert store.unfinished() == (("mine", 4),)
    with store.staging("mine", resumable=True) as folder:
        assert (folder / "weights.part").read_bytes() == b"half"


def test_what_cannot_be_gone_on_with_is_deleted(store):
    with pytest.raises(KeyError), store.staging("mine") as folder:
        (folder / "weights.part").write_bytes(b"half")
        raise KeyError
    assert store.unfinished() == ()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "weights").unlink(), "weights is missing"),
        (lambda folder: (folder / "weights").write_bytes(b""), "has 0 bytes instead of 100"),
        (lambda folder: (folder / RECORD).unlink(), "cannot be read"),
        (lambda folder: (folder / RECORD).write_text("{"), "cannot be read"),
        (lambda folder: (folder / RECORD).write_text("[]"), "cannot be read"),
        (lambda folder: (folder / RECORD).write_text('{"files": [{"name": 1}]}'), "cannot be read"),
        (lambda folder: (folder / RECORD).write_bytes(b"\xff"), "cannot be read"),
    ],
)
def test_a_damaged_model_is_listed_with_what_is_wrong(store, damage, told):
    put(store)
    put(store, "other")
    damage(store.folder / "mine")
    models = {model.name: model for model in store.models()}
    assert told in models["mine"].problem
    assert not models["other"].problem
    with pytest.raises(ModelError, match=r"damaged.*models remove mine"):
        store.model("mine")
    assert store.remove("mine")


def test_a_model_is_not_installed_over_another(store):
    put(store)
    with pytest.raises(ModelError, match="installed already"):
        put(store)


def test_removing_leaves_nothing_also_of_what_was_unfinished(store):
    put(store)
    with pytest.raises(KeyError), store.staging("begun", resumable=True) as folder:
        (folder / "weights.part").write_bytes(b"half")
        raise KeyError
    assert store.remove("mine")
    assert store.remove("begun")
    assert not store.remove("mine")
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_two_at_a_time_are_refused(store):
    with store.staging("mine"):
        with pytest.raises(ModelError, match="already"), store.staging("other"):
            pass
        with pytest.raises(ModelError, match="already"):
            store.remove("mine")
    with filelock.FileLock(store.folder / ".lock"):
        pass


def test_a_disk_that_fills_up_is_a_model_error_and_leaves_nothing(store):
    with pytest.raises(ModelError, match="disk is full"), store.staging("mine") as folder:
        (folder / "weights").write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder / "weights"))
    assert store.models() == store.unfinished() == ()


def test_a_folder_that_cannot_be_written_is_a_model_error(tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError), ModelStore(tmp_path / "models").staging("mine"):
        pass


def test_a_home_that_moves_takes_its_models_along(store, tmp_path):
    put(store)
    shutil.move(store.folder, tmp_path / "elsewhere")
    assert ModelStore(tmp_path / "elsewhere").model("mine").origin == ORIGIN
