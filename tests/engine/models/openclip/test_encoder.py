"""OpenCLIP models: a tiny one with random weights goes through everything but its meaning."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import ModelError
from engine.models import catalog
from engine.models.openclip.encoder import OpenClipEncoder
from engine.models.openclip.weights import import_offline
from engine.records import Medium

EDGE_PX = 64
CONTEXT = 16
ARCHITECTURE = "keepsight-tiny"


@pytest.fixture(scope="session")
def saved(tmp_path_factory, tiny_folder) -> Path:
    """A registered architecture, a checkpoint of it in both formats, and a model's folder."""
    open_clip, torch = import_offline()
    from safetensors.torch import load_file, save_file

    root = tmp_path_factory.mktemp("openclip")
    described = json.loads((tiny_folder / "open_clip_config.json").read_bytes())
    (root / f"{ARCHITECTURE}.json").write_text(json.dumps(described["model_cfg"]), "utf-8")
    open_clip.add_model_config(root / f"{ARCHITECTURE}.json")
    weights = load_file(tiny_folder / "open_clip_model.safetensors")
    torch.save(weights, root / "weights.pt")
    save_file(weights, root / "weights.safetensors")
    shutil.copytree(tiny_folder, root / "folder")
    return root


@pytest.fixture(scope="session")
def tiny(saved) -> OpenClipEncoder:
    return OpenClipEncoder(f"openclip:{ARCHITECTURE}@{saved / 'weights.pt'}", "cpu")


@pytest.fixture(scope="session")
def from_folder(saved) -> OpenClipEncoder:
    return OpenClipEncoder(f"openclip:{saved / 'folder'}", "cpu")


def test_the_card_follows_the_model(tiny, from_folder):
    assert tiny.card.dimension == from_folder.card.dimension == 32
    assert (tiny.card.pixels.edge_px, tiny.card.pixels.squash) == (EDGE_PX, False)
    assert (from_folder.card.pixels.edge_px, from_folder.card.pixels.squash) == (EDGE_PX, True)


def test_embeddings_are_unit_vectors_whatever_the_batch(tiny, small_noise):
    embeddings = tiny.encode_images(small_noise)
    alone = np.concatenate([tiny.encode_images(one[None]) for one in small_noise])
    assert embeddings.shape == (20, 32)
    assert embeddings.dtype == np.float32
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(1, abs=1e-5)
    assert embeddings == pytest.approx(alone, abs=1e-3)
    texts = ["a dog", "word " * 90, "", "猫在雪地里" * 30, *map(str, range(20))]
    embeddings = tiny.encode_texts(texts)
    alone = np.concatenate([tiny.encode_texts([text]) for text in texts])
    assert embeddings == pytest.approx(alone, abs=1e-3)
    expected = [0.0 if not text else 1.0 for text in texts]
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(expected, abs=1e-5)


def test_nothing_gives_nothing(tiny):
    assert tiny.encode_images(np.zeros((0, EDGE_PX, EDGE_PX, 3), np.uint8)).shape == (0, 32)
    assert tiny.encode_texts([]).shape == (0, 32)
    assert tiny.background(Medium.PICTURE).shape == (0, 32)
    assert tiny.unknown_words("猫 🎉") == ()


def test_several_threads_get_the_same(tiny, small_noise):
    texts = ["a dog", "word " * 90]
    pictures, words = tiny.encode_images(small_noise), tiny.encode_texts(texts)
    with ThreadPoolExecutor(2) as pool:
        seen = [pool.submit(tiny.encode_images, small_noise) for _ in range(4)]
        read = [pool.submit(tiny.encode_texts, texts) for _ in range(10)]
        assert all(np.allclose(job.result(), pictures, atol=1e-5) for job in seen)
        assert all(np.allclose(job.result(), words, atol=1e-5) for job in read)


@pytest.mark.parametrize("which", ["tiny", "from_folder"])
def test_pictures_are_prepared_as_open_clip_does(which, request, demo_photo):
    encoder = request.getfixturevalue(which)
    _, torch = import_offline()
    from open_clip.transform import PreprocessCfg, image_transform_v2

    photo = demo_photo("chelsea.png")
    transform = image_transform_v2(
        PreprocessCfg(**encoder._whole._model.visual.preprocess_cfg), False
    )
    with torch.inference_mode():
        theirs = encoder._whole._model.encode_image(transform(photo)[None], normalize=True).numpy()
    ours = encoder.encode_images(_fitted(photo, squash=encoder.card.pixels.squash)[None])
    assert (ours * theirs).sum() > 0.999


def _fitted(photo: Image.Image, *, squash: bool) -> np.ndarray:
    side = min(photo.size)
    left, top = (photo.width - side) / 2, (photo.height - side) / 2
    box = None if squash else (left, top, left + side, top + side)
    return np.asarray(photo.resize((EDGE_PX, EDGE_PX), Image.Resampling.BICUBIC, box=box))


def test_a_text_that_fits_is_encoded_as_open_clip_does(tiny):
    open_clip, torch = import_offline()
    ids = open_clip.get_tokenizer(ARCHITECTURE)(["a dog in the snow"])
    with torch.inference_mode():
        theirs = tiny._whole._model.encode_text(ids, normalize=True).numpy()
    assert tiny.encode_texts(["a dog in the snow"]) == pytest.approx(theirs, abs=1e-5)


def test_the_end_of_a_long_text_counts(tiny):
    filler = "the tenant pays the rent " * 10
    one, other = tiny.encode_texts([filler + "a giraffe", filler + "two boats"])
    assert not np.allclose(one, other, atol=1e-4)


def test_every_word_of_a_long_text_is_in_a_part_that_fits(tiny):
    text = " ".join(f"word{number}" for number in range(300))
    parts = tiny._splitter.parts(text)
    assert " ".join(parts) == text
    assert all(tiny._splitter.count(part) <= CONTEXT - 2 for part in parts)


def test_the_fingerprint_follows_weights_and_preprocessing(saved, tiny, from_folder):
    again = OpenClipEncoder(f"openclip:{ARCHITECTURE}@{saved / 'weights.pt'}", "cpu")
    assert again.card == tiny.card
    assert from_folder.card.fingerprint != tiny.card.fingerprint
    _, torch = import_offline()
    weights = torch.load(saved / "weights.pt", weights_only=True)
    weights["logit_scale"] += 1
    torch.save(weights, saved / "other.pt")
    other = OpenClipEncoder(f"openclip:{ARCHITECTURE}@{saved / 'other.pt'}", "cpu")
    assert other.card.fingerprint != tiny.card.fingerprint


def test_both_checkpoint_formats_hold_the_same_model(saved, tiny, small_noise):
    safe = OpenClipEncoder(f"openclip:{ARCHITECTURE}@{saved / 'weights.safetensors'}", "cpu")
    assert (safe.encode_images(small_noise) == tiny.encode_images(small_noise)).all()


def test_the_catalog_loads_it(saved):
    encoder = catalog.load(f"openclip:{saved / 'folder'}")
    assert encoder.encode_texts(["a dog"]).shape == (1, 32)
    encoder.close()


@pytest.fixture
def empty_caches(monkeypatch, tmp_path) -> Path:
    """An empty home, where neither open_clip nor the hub's client ever put a file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.mark.usefixtures("empty_caches")
def test_weights_that_are_not_here_are_named_and_not_downloaded():
    with pytest.raises(ModelError, match=r"not on this computer.*timm/.*quickgelu@FILE"):
        OpenClipEncoder("openclip:ViT-B-32/openai")


@pytest.mark.parametrize("cache", ["open_clip", "hub"])
def test_weights_that_were_downloaded_are_found(saved, empty_caches, monkeypatch, cache):
    published = {"mean": (0.1, 0.1, 0.1), "std": (0.5, 0.5, 0.5), "resize_mode": "squash"}
    if cache == "open_clip":
        folder = empty_caches / ".cache" / "clip"
        published["url"] = "https://example.org/weights.pt"
    else:
        folder = empty_caches / "hub" / "models--someone--tiny" / "snapshots" / "c0ffee"
        (folder.parents[1] / "refs").mkdir(parents=True)
        (folder.parents[1] / "refs" / "main").write_text("c0ffee", "utf-8")
        published["hf_hub"] = "someone/tiny/weights.pt"
    folder.mkdir(parents=True)
    (folder / "weights.pt").write_bytes((saved / "weights.pt").read_bytes())
    monkeypatch.setitem(
        sys.modules["open_clip"].pretrained._PRETRAINED, ARCHITECTURE, {"mine": published}
    )
    encoder = OpenClipEncoder(f"openclip:{ARCHITECTURE}/mine", "cpu")
    assert encoder.card.pixels.squash
    assert encoder._whole._mean.flatten().tolist() == pytest.approx([0.1] * 3)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("openclip:ViT-B-23/openai", "Near: ViT-B-32"),
        ("openclip:ViT-B-32/laion2b", "Near: laion2b_"),
        ("openclip:ViT-B-32@/not/here.pt", "no file"),
        ("openclip:/not/here", "no folder"),
        ("openclip:ViT-B-32", "should be"),
    ],
)
def test_a_wrong_name_is_a_model_error_that_helps(spec, message):
    with pytest.raises(ModelError, match=message):
        OpenClipEncoder(spec)


class Payload:
    """What a hostile checkpoint could hold."""

    def __reduce__(self):
        return (os.system, ("exit 0",))


@pytest.mark.parametrize("damage", ["nonsense", "cut off", "other architecture", "code"])
def test_a_bad_checkpoint_is_a_model_error(saved, tmp_path, damage):
    _, torch = import_offline()
    path = tmp_path / "bad.pt"
    if damage == "nonsense":
        path.write_bytes(b"nonsense")
    elif damage == "cut off":
        path.write_bytes((saved / "weights.pt").read_bytes()[:100_000])
    elif damage == "other architecture":
        torch.save({"visual.conv1.weight": torch.zeros(1)}, path)
    else:
        torch.save({"state_dict": Payload()}, path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        OpenClipEncoder(f"openclip:{ARCHITECTURE}@{path}", "cpu")


@pytest.mark.parametrize("missing", ["open_clip_config.json", "open_clip_model.safetensors"])
def test_an_incomplete_folder_is_a_model_error(saved, tmp_path, missing):
    for path in (saved / "folder").iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelError):
        OpenClipEncoder(f"openclip:{tmp_path}", "cpu")


def test_pictures_of_another_size_are_a_bug(tiny):
    with pytest.raises(ValueError, match="wanted"):
        tiny.encode_images(np.zeros((1, 32, 32, 3), np.uint8))


def test_torchvision_is_imported_without_a_warning_in_a_fresh_process():
    program = (
        "from engine.models.openclip.torchvision_shim import import_torchvision as load\n"
        "load(); load()\n"
        "import torchvision.transforms, open_clip\n"
        "import torchvision.ops\n"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
