"""Importing and exporting: what comes from files is checked as what comes from the hub is."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models import catalog
from engine.models.openclip import architectures
from engine.models.shelf.importing import export_model, import_model
from engine.models.shelf.installed import RECORD, ModelStore
from tests.engine.models import tiny_published
from tests.engine.models.tiny_published import ARCHITECTURE, CONFIG

WEIGHTS = architectures.WEIGHTS


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_published.weights(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def mine(store, weights) -> ModelStore:
    """A store with a model “mine”."""
    import_model(store, weights[".safetensors"], "mine", ARCHITECTURE)
    return store


@pytest.fixture
def archive(mine, tmp_path) -> Path:
    export_model(mine, "mine", tmp_path / "mine.zip")
    return tmp_path / "mine.zip"


def encode(store: ModelStore, name: str) -> np.ndarray:
    encoder = catalog.load(store.resolve(name))
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    both = np.concatenate([encoder.encode_images(noise), encoder.encode_texts(["a dog"])])
    encoder.close()
    return both


@pytest.mark.parametrize("form", [".bin", ".pt", ".safetensors"])
def test_a_checkpoint_of_any_form_becomes_the_same_model(mine, weights, form):
    model = import_model(mine, weights[form], "other", ARCHITECTURE)
    assert {file.name for file in model.files} == {WEIGHTS, "open_clip_config.json"}
    assert (encode(mine, "other") == encode(mine, "mine")).all()


def test_a_folder_that_open_clip_saved_becomes_a_model(mine, weights, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    pictures = {"mean": [0.1] * 3, "std": [0.5] * 3, "resize_mode": "squash"}
    config = {"model_cfg": CONFIG, "preprocess_cfg": pictures, "evil": 1}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    shutil.copy(weights[".bin"], folder / "open_clip_pytorch_model.bin")
    (folder / "hubconf.py").write_text("evil")
    model = import_model(mine, folder, "saved")
    assert {file.name for file in model.files} == {WEIGHTS, "open_clip_config.json"}
    assert "evil" not in json.loads((model.folder / "open_clip_config.json").read_text())
    assert catalog.load(mine.resolve("saved")).card.pixels.squash


class Payload:
    """What a hostile checkpoint could hold."""

    def __reduce__(self):
        return (os.system, ("exit 0",))


@pytest.mark.parametrize("damage", ["nonsense", "cut off", "other architecture", "code"])
def test_a_bad_checkpoint_installs_nothing(store, weights, tmp_path, damage):
    import torch

    path = tmp_path / "bad.pt"
    if damage == "nonsense":
        path.write_bytes(b"nonsense")
    elif damage == "cut off":
        path.write_bytes(weights[".pt"].read_bytes()[:100_000])
    elif damage == "other architecture":
        torch.save({"visual.conv1.weight": torch.zeros(1)}, path)
    else:
        torch.save({"state_dict": Payload()}, path)
    with pytest.raises(ModelError, match=r"weights cannot be used: bad\.pt"):
        import_model(store, path, "bad", ARCHITECTURE)
    assert store.models() == ()
    assert store.unfinished() == ()


def test_what_is_not_enough_says_what_is_missing(store, weights, tmp_path):
    with pytest.raises(ModelError, match="--architecture"):
        import_model(store, weights[".pt"], "mine")
    with pytest.raises(ModelError, match="Near: ViT-B-32"):
        import_model(store, weights[".pt"], "mine", "ViT-B-23")
    with pytest.raises(ModelError, match="tokenizer of its own"):
        import_model(store, weights[".pt"], "mine", "ViT-B-16-SigLIP2")
    with pytest.raises(ModelError, match=r"configuration cannot be read"):
        import_model(store, tmp_path, "mine")
    with pytest.raises(ModelError, match="does not exist"):
        import_model(store, tmp_path / "none.zip", "mine")
    (tmp_path / "text.txt").write_text("hello")
    with pytest.raises(ModelError, match="neither an archive"):
        import_model(store, tmp_path / "text.txt", "mine")
    assert store.models() == ()


def test_an_exported_model_is_the_same_on_another_computer(mine, archive, tmp_path):
    elsewhere = ModelStore(tmp_path / "elsewhere")
    told: list[tuple[int, int]] = []
    model = import_model(elsewhere, archive, "theirs", on_bytes=lambda *now: told.append(now))
    original = mine.model("mine")
    assert model.files == original.files
    assert told[-1] == (original.size_bytes,) * 2
    assert model.origin is not None and original.origin is not None
    assert model.origin.title == original.origin.title
    here = catalog.load(mine.resolve("mine")).card.fingerprint
    assert catalog.load(elsewhere.resolve("theirs")).card.fingerprint == here


def test_exporting_overwrites_nothing_and_leaves_no_half(mine, archive):
    before = archive.read_bytes()
    with pytest.raises(ModelError, match="exists already"):
        export_model(mine, "mine", archive)
    assert archive.read_bytes() == before
    with pytest.raises(ModelError, match="no such folder"):
        export_model(mine, "mine", archive.parent / "none" / "mine.zip")
    with pytest.raises(ModelError, match="not installed"):
        export_model(mine, "other", archive.parent / "other.zip")
    damaged = mine.model("mine").folder / WEIGHTS
    damaged.write_bytes(bytes(damaged.stat().st_size))
    with pytest.raises(ModelError, match="checksum"):
        export_model(mine, "mine", archive.parent / "other.zip")
    assert sorted(path.name for path in archive.parent.glob("*.zip*")) == ["mine.zip"]


Change = Callable[[dict[str, bytes]], None]


def rewritten(archive: Path, change: Change) -> Path:
    """The archive with its members changed."""
    with zipfile.ZipFile(archive) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    change(members)
    changed = archive.with_name("changed.zip")
    with zipfile.ZipFile(changed, "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    return changed


def record(change: Callable[[dict], object]) -> Change:
    """Changes the record of an archive."""

    def apply(members: dict[str, bytes]) -> None:
        read = json.loads(members[RECORD])
        change(read)
        members[RECORD] = json.dumps(read).encode()

    return apply


def escape(members: dict[str, bytes]) -> None:
    members["../escaped"] = members.pop("open_clip_config.json")
    record(lambda r: [f.update(name="../escaped") for f in r["files"] if "config" in f["name"]])(
        members
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (escape, "not those of a model"),
        (lambda m: m.update({"../escaped": b"x"}), "something else than its record"),
        (lambda m: m.update({"evil.py": b"x"}), "something else than its record"),
        (lambda m: m.update({f"{n}.txt": b"" for n in range(100)}), "too much"),
        (lambda m: m.pop(RECORD), "damaged"),
        (lambda m: m.update({RECORD: b"{"}), "damaged"),
        (lambda m: m.update({RECORD: b" " * 2_000_000}), "too much"),
        (lambda m: m.pop(WEIGHTS), "something else than its record"),
        (lambda m: m.update({WEIGHTS: bytes(len(m[WEIGHTS]))}), "checksum"),
        (record(lambda r: r["files"][0].update(size_bytes=10**15)), "something else"),
        (record(lambda r: r.update(files=[])), "not those of a model"),
        (record(lambda r: r.update(files=3)), "damaged"),
        (record(lambda r: r.pop("title")), "damaged"),
    ],
)
def test_an_archive_that_was_changed_installs_nothing(archive, tmp_path, change, told):
    elsewhere = ModelStore(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=told):
        import_model(elsewhere, rewritten(archive, change), "theirs")
    assert elsewhere.models() == ()
    assert elsewhere.unfinished() == ()
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "elsewhere" / "escaped").exists()


def test_an_archive_that_was_cut_off_installs_nothing(archive, tmp_path):
    cut = tmp_path / "cut.zip"
    cut.write_bytes(archive.read_bytes()[:-100_000])
    with pytest.raises(ModelError):
        import_model(ModelStore(tmp_path / "elsewhere"), cut, "theirs")
    assert ModelStore(tmp_path / "elsewhere").models() == ()


def test_there_must_be_room(archive, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=100_000_000))
    with pytest.raises(ModelError, match="100 MB left"):
        import_model(ModelStore(tmp_path / "elsewhere"), archive, "theirs")


def test_an_import_can_be_stopped(archive, tmp_path):
    elsewhere = ModelStore(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="stopped"):
        import_model(elsewhere, archive, "theirs", is_cancelled=lambda: True)
    assert elsewhere.unfinished() == ()
