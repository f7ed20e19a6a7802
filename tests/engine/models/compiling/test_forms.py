"""Models made fast: real exports of tiny ones, on this machine."""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.compiling import exporting, forms
from engine.models.compiling.forms import choose, compile_model
from engine.models.openclip.compiled import (
    Form,
    Measured,
    OnnxTowers,
    read_plan,
    usable_plan,
    write_plan,
)
from engine.models.openclip.encoder import OpenClipEncoder

TEXTS = ["a dog", "", "the tenant pays the rent " * 20]
FORMS = [Form.FLOAT32, Form.INT8]

slow = pytest.mark.slow  # tracing a network takes seconds


def as_if_fastest(monkeypatch, form):
    """Has `form` chosen, whatever was measured."""
    monkeypatch.setattr(forms, "choose", lambda measured, before: form)


@pytest.fixture(scope="session")
def made(tiny_folder, tmp_path_factory):
    """The tiny model compiled in each form."""
    folders = {}
    for form in (Form.TORCH, *FORMS):
        folder = shutil.copytree(tiny_folder, tmp_path_factory.mktemp("made") / "tiny")
        noise = np.random.default_rng(1).integers(0, 256, (6, 64, 64, 3), np.uint8)
        with pytest.MonkeyPatch.context() as patch:
            as_if_fastest(patch, form)
            plan = compile_model(folder, noise, device="cpu", threads=1)
        assert plan == read_plan(folder)
        folders[form] = folder
    return folders


@pytest.fixture
def own(made, tmp_path):
    """A copy of a compiled model, to be damaged."""
    return lambda form: shutil.copytree(made[form], tmp_path / "tiny")


def load(folder):
    return OpenClipEncoder(f"openclip:{folder}", "cpu", threads=1)


def names(folder):
    return sorted(path.name for path in (folder / "compiled").iterdir())


@slow
def test_every_form_is_measured_and_agrees_with_torch(made):
    plan = read_plan(made[Form.FLOAT32])
    by_form = {each.form: each for each in plan.measured}
    assert set(by_form) == {Form.TORCH, *FORMS}
    for form, least in ((Form.TORCH, 0.999999), (Form.FLOAT32, 0.9999), (Form.INT8, 0.99)):
        measured = by_form[form]
        assert measured.refused == ""
        assert min(measured.image_cosine, measured.text_cosine) >= least
        assert measured.photos_per_s > 0 and measured.query_ms > 0
    assert by_form[Form.INT8].image_cosine < 0.999999  # it does compute in 8 bits


@slow
@pytest.mark.parametrize("form", FORMS)
def test_a_compiled_model_gives_torchs_vectors(made, tiny_folder, small_noise, form):
    torch, compiled = load(tiny_folder), load(made[form])
    assert (torch.form, compiled.form) == (Form.TORCH, form)
    least = 0.9999 if form is Form.FLOAT32 else 0.99
    pictures = compiled.encode_images(small_noise)
    assert (pictures * torch.encode_images(small_noise)).sum(axis=1).min() > least
    assert np.linalg.norm(pictures, axis=1) == pytest.approx(1, abs=1e-5)
    texts = compiled.encode_texts(TEXTS)
    assert (texts * torch.encode_texts(TEXTS)).sum(axis=1)[[0, 2]].min() > least
    assert (texts[1] == 0).all()
    assert compiled.encode_images(small_noise[:0]).shape == (0, 32)
    compiled.close()


@slow
@pytest.mark.parametrize("form", FORMS)
def test_a_vector_does_not_depend_on_its_neighbours(made, small_noise, form):
    compiled = load(made[form])
    together = compiled.encode_images(small_noise)
    alone = np.concatenate([compiled.encode_images(one[None]) for one in small_noise])
    assert together == pytest.approx(alone, abs=1e-5)


@slow
@pytest.mark.parametrize("form", FORMS)
def test_short_texts_are_not_filled_up(made, tiny_folder, form):
    towers = OnnxTowers(made[form] / "compiled", form, threads=1)
    splitter = load(tiny_folder)._splitter
    ids = splitter.ids(["dog", "a dog in the snow", "two boats on a lake", "rent"])
    filled = np.where(ids == 0, 7, ids)  # behind the end, where nothing looks
    assert (filled != ids).any()
    assert (towers.texts(filled) == towers.texts(ids)).all()
    lengths = []
    run = towers._text.run
    towers._text.run = lambda batch: lengths.append(batch.shape[1]) or run(batch)
    towers.texts(ids[:1])
    assert lengths == [3]  # start, dog, end


@slow
def test_int8_has_its_own_fingerprint_and_float32_shares_torchs(made, tiny_folder):
    cards = {form: load(folder).card for form, folder in made.items()}
    plain = load(tiny_folder).card
    for form in (Form.TORCH, Form.FLOAT32):
        assert cards[form].fingerprint == plain.fingerprint
    assert cards[Form.INT8].fingerprint != plain.fingerprint
    for card in cards.values():
        same = {"name": plain.name, "fingerprint": plain.fingerprint}
        assert dataclasses.replace(card, **same) == plain


@slow
def test_only_the_chosen_form_is_kept(made, tiny_folder):
    assert names(made[Form.TORCH]) == ["plan.json"]
    assert names(made[Form.FLOAT32]) == ["image.float32.onnx", "plan.json", "text.float32.onnx"]
    assert names(made[Form.INT8]) == ["image.int8.onnx", "plan.json", "text.int8.onnx"]
    for folder in made.values():
        kept = {path.name for path in folder.iterdir()}
        assert kept == {path.name for path in tiny_folder.iterdir()} | {"compiled"}


@slow
def test_int8_is_small(made):
    sizes = {form: (made[form] / "compiled" / form.graphs[0]).stat().st_size for form in FORMS}
    assert sizes[Form.INT8] < 0.6 * sizes[Form.FLOAT32]


@slow
def test_a_compiled_model_still_explains_its_hits(made, tiny_folder, small_noise):
    expected = load(tiny_folder).encode_patches(small_noise[:2])
    compiled = load(made[Form.FLOAT32])
    assert compiled.encode_patches(small_noise[:2]) == pytest.approx(expected, abs=1e-5)
    compiled.close()


def of_other_weights(folder, save_model, tmp_path):
    other = save_model(tmp_path / "other", seed=1)
    shutil.copy(other / "open_clip_model.safetensors", folder)


def cut_off(folder, *_):
    for graph in (folder / "compiled").glob("*.onnx"):
        graph.write_bytes(graph.read_bytes()[:-100])


def missing(folder, *_):
    next((folder / "compiled").glob("text*.onnx")).unlink()


def nonsense(folder, *_):
    (folder / "compiled" / "plan.json").write_text("nonsense", "utf-8")


def no_plan(folder, *_):
    (folder / "compiled" / "plan.json").unlink()


def of_another_version(folder, *_):
    rewrite(folder, format=0)


def of_other_files(folder, *_):
    rewrite(folder, files={})


def unloadable(folder, *_):
    """A graph with the right hash that onnxruntime does not take."""
    plan = read_plan(folder)
    graph = folder / "compiled" / plan.form.graphs[0]
    graph.write_bytes(b"nonsense")
    hashes = forms.graph_hashes(graph.parent, plan.form.graphs)
    write_plan(dataclasses.replace(plan, files=hashes), graph.parent / "plan.json")


def rewrite(folder, **changes):
    path = folder / "compiled" / "plan.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes), "utf-8")


DAMAGES = [
    of_other_weights,
    cut_off,
    missing,
    nonsense,
    no_plan,
    of_another_version,
    of_other_files,
    unloadable,
]


@slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_runs_in_torch(own, form, damage, save_model, tmp_path, caplog):
    folder = own(form)
    damage(folder, save_model, tmp_path)
    with caplog.at_level(logging.WARNING, "engine.models"):
        encoder = load(folder)
    assert encoder.form is Form.TORCH
    assert encoder.card.fingerprint.startswith("openclip-")
    assert "int8" not in encoder.card.fingerprint
    assert encoder.encode_texts(TEXTS).shape == (3, 32)
    assert any(record.name.startswith("engine.models") for record in caplog.records)


@slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("part", ["onnxruntime", "torch", "cpu", "device"])
def test_a_stale_plan_is_not_followed_but_what_int8_stored_stays_found(own, form, part, caplog):
    folder = own(form)
    before = load(folder).card
    plan = read_plan(folder)
    if part == "device":
        rewrite(folder, device="cuda")
    else:
        rewrite(folder, machine=plan.machine | {part: "0.1"})
    with caplog.at_level(logging.WARNING, "engine.models"):
        encoder = load(folder)
    assert encoder.form is (Form.INT8 if form is Form.INT8 else Form.TORCH)
    assert encoder.card == before
    assert "measured otherwise" in caplog.text


@slow
def test_it_is_compiled_once_and_again_when_asked(made, own, small_noise, tiny_folder):
    assert usable_plan(tiny_folder, "cpu") is None
    assert usable_plan(made[Form.INT8], "cpu") is not None
    folder = own(Form.INT8)
    rewrite(folder, device="cuda")
    plan = compile_model(folder, small_noise, device="cpu", threads=1)
    assert usable_plan(folder, "cpu") == plan
    assert load(folder).form is plan.form
    assert names(folder) == sorted([*plan.form.graphs, "plan.json"])


@slow
def test_the_same_weights_give_the_same_int8_vectors(made, own, small_noise, monkeypatch):
    folder = own(Form.INT8)
    shutil.rmtree(folder / "compiled")
    as_if_fastest(monkeypatch, Form.INT8)
    compile_model(folder, small_noise, device="cpu")
    assert load(folder).card.fingerprint == load(made[Form.INT8]).card.fingerprint


class StopError(Exception):
    """Somebody cancels."""


@slow
@pytest.mark.parametrize("step", ["Loading", "Converting", "Shrinking", "Comparing", "Measuring"])
def test_what_is_stopped_leaves_what_was_there(own, small_noise, step):
    folder = own(Form.INT8)
    before = {path.name: path.read_bytes() for path in (folder / "compiled").iterdir()}

    def stop(share, what):
        assert 0 <= share <= 1
        if what.startswith(step):
            raise StopError

    with pytest.raises(StopError):
        compile_model(folder, small_noise, device="cpu", on_progress=stop)
    assert {path.name: path.read_bytes() for path in (folder / "compiled").iterdir()} == before
    assert list(folder.glob(".compiled-*")) == []


@slow
@pytest.mark.parametrize("renames", range(4))
def test_a_crash_while_publishing_leaves_none_or_a_whole_one(
    own, small_noise, monkeypatch, renames
):
    folder = own(Form.FLOAT32)
    as_if_fastest(monkeypatch, Form.INT8)
    moved = []
    rename = forms.Path.rename

    def crash(path, target):
        moved.append(path)
        if len(moved) > renames + 1:
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(forms.Path, "rename", crash)
        patch.setattr(forms, "tempfile", SimpleNamespace(TemporaryDirectory=Undeleted))
        with pytest.raises(KeyboardInterrupt):
            compile_model(folder, small_noise, device="cpu")
    whole = (folder / "compiled").exists()
    encoder = load(folder)
    assert encoder.form is (Form.FLOAT32 if whole else Form.TORCH)
    assert encoder.encode_texts(TEXTS).shape == (3, 32)
    if renames == 0:  # that it can be repeated is told once: it takes seconds
        compile_model(folder, small_noise, device="cpu")
        assert load(folder).form is Form.INT8
        assert list(folder.glob(".compiled-*")) == []


class Undeleted:
    """A temporary folder that a crash leaves behind."""

    def __init__(self, prefix, dir):
        self.path = dir / f"{prefix}crashed"

    def __enter__(self):
        self.path.mkdir()
        return str(self.path)

    def __exit__(self, *_):
        return False


@slow
def test_a_form_that_does_not_agree_is_refused(tiny_folder, tmp_path, small_noise, monkeypatch):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    monkeypatch.setitem(forms.LEAST_COSINE, Form.INT8, 0.9999999)
    plan = compile_model(folder, small_noise, device="cpu")
    refused = next(each for each in plan.measured if each.form is Form.INT8)
    assert "its vectors are off" in refused.refused
    assert refused.photos_per_s == 0
    assert refused.image_cosine > 0.9
    assert plan.form is not Form.INT8


@pytest.mark.parametrize("error", [RuntimeError("no such operator"), OSError(28, "disk is full")])
def test_a_model_that_cannot_be_converted_runs_in_torch(
    tiny_folder, tmp_path, small_noise, monkeypatch, error
):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")

    def fail(*_):
        raise error

    monkeypatch.setattr(exporting, "export_float32", fail)
    plan = compile_model(folder, small_noise[:1], device="cpu")
    assert plan.form is Form.TORCH
    assert {each.form for each in plan.measured if each.refused} == set(FORMS)
    assert str(error) in plan.measured[1].refused
    assert usable_plan(folder, "cpu") == plan
    assert load(folder).form is Form.TORCH


def test_a_folder_that_cannot_be_written_is_a_model_error(
    tiny_folder, tmp_path, small_noise, monkeypatch
):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "export_float32", fail)
    monkeypatch.setattr(forms, "write_plan", fail)
    with pytest.raises(ModelError, match="No space left"):
        compile_model(folder, small_noise, device="cpu")
    assert not (folder / "compiled").exists()


def test_without_onnx_it_says_what_to_install(tiny_folder, tmp_path, small_noise, monkeypatch):
    find = exporting.importlib.util.find_spec
    monkeypatch.setattr(
        exporting.importlib.util,
        "find_spec",
        lambda name: None if name == "onnxscript" else find(name),
    )
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    plan = compile_model(folder, small_noise, device="cpu")
    assert plan.form is Form.TORCH
    assert "pip install onnxscript" in plan.measured[1].refused


def test_there_must_be_photos(tiny_folder):
    with pytest.raises(ValueError, match="photos"):
        compile_model(tiny_folder, np.zeros((0, 64, 64, 3), np.uint8))


@slow
def test_weights_too_large_for_one_file_stand_beside_it(
    tiny_folder, tmp_path, small_noise, monkeypatch
):
    monkeypatch.setattr(exporting, "LARGEST_IN_ONE_BYTES", 100_000)
    as_if_fastest(monkeypatch, Form.FLOAT32)
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    plan = compile_model(folder, small_noise, device="cpu")
    assert all(not each.refused for each in plan.measured)
    assert "text.float32.onnx.data" in names(folder)
    encoder = load(folder)
    assert encoder.form is Form.FLOAT32
    expected = load(tiny_folder).encode_texts(TEXTS)
    assert encoder.encode_texts(TEXTS) == pytest.approx(expected, abs=1e-4)
    encoder.close()
    (folder / "compiled" / "text.float32.onnx.data").write_bytes(b"")
    assert load(folder).form is Form.TORCH


@slow
def test_a_tower_of_convolutions_agrees_too(save_model, tmp_path, noise, monkeypatch):
    def change(layers):
        layers |= {"custom_text": True, "embed_dim": 512}
        layers["vision_cfg"] = {
            "image_size": 64,
            "timm_model_name": "fastvit_mci0",
            "timm_pool": "avg",
            "timm_proj": None,
        }
        layers["text_cfg"]["no_causal_mask"] = True

    folder = save_model(tmp_path / "model", change)
    photos = np.ascontiguousarray(noise[:4, ::3, ::3][:, :64, :64])
    plan = compile_model(folder, photos, device="cpu")
    assert all(not each.refused for each in plan.measured), plan.measured
    least = {Form.TORCH: 0.99999, Form.FLOAT32: 0.9999, Form.INT8: 0.99}
    for each in plan.measured:
        assert min(each.image_cosine, each.text_cosine) >= least[each.form]


def measured(**speeds):
    return tuple(
        Measured(Form[name], speed, 1.0, 1.0, 1.0, "" if speed else "refused")
        for name, speed in speeds.items()
    )


@pytest.mark.parametrize(
    ("speeds", "before", "expected"),
    [
        ({"TORCH": 10, "FLOAT32": 15, "INT8": 30}, None, Form.INT8),
        ({"TORCH": 10, "FLOAT32": 15, "INT8": 17}, None, Form.FLOAT32),
        ({"TORCH": 10, "FLOAT32": 15, "INT8": 17}, Form.INT8, Form.INT8),
        ({"TORCH": 10, "FLOAT32": 15, "INT8": 14}, Form.INT8, Form.FLOAT32),
        ({"TORCH": 10, "FLOAT32": 0, "INT8": 0}, Form.INT8, Form.TORCH),
        ({"TORCH": 10, "FLOAT32": 9, "INT8": 0}, None, Form.TORCH),
        ({"TORCH": 10, "TORCH_COMPILED": 13}, None, Form.TORCH_COMPILED),
    ],
)
def test_the_fastest_is_chosen_and_int8_only_where_it_pays(speeds, before, expected):
    assert choose(measured(**speeds), before) is expected
