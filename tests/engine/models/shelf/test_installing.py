"""Installing from the hub, through its stand-in, with a tiny model that then works."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError, StoppedError
from engine.models import catalog
from engine.models.openclip import architectures
from engine.models.shelf.installed import ModelStore
from engine.models.shelf.installing import install, wanted
from engine.models.shelf.ledger import Ledger
from tests.engine.models import tiny_published
from tests.engine.models.hub_standin import REVISION, StandIn, serve
from tests.engine.models.tiny_published import ARCHITECTURE, REPOSITORY, TAG

pytestmark = [pytest.mark.enable_socket, pytest.mark.allow_hosts(["127.0.0.1"])]

NAME = f"{ARCHITECTURE}-{TAG}"
SAFE, UNSAFE = architectures.PUBLISHED_WEIGHTS


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return tiny_published.weights(tmp_path_factory.mktemp("published"))


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch, weights: dict[str, Path]) -> Iterator[StandIn]:
    tiny_published.publish(monkeypatch)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serve() as hub:
        hub.repositories[REPOSITORY] = {
            SAFE: weights[".safetensors"].read_bytes(),
            "README.md": b"about it",
            "evil.py": b"import os",
        }
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "network.jsonl")


def encode(store: ModelStore, name: str = NAME) -> np.ndarray:
    encoder = catalog.load(store.resolve(name))
    noise = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    both = np.concatenate([encoder.encode_images(noise), encoder.encode_texts(["a dog"])])
    encoder.close()
    return both


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("vit-b-32", ("vit-b-32", "ViT-B-32", "datacomp_xl_s13b_b90k")),
        ("ViT-B-32/datacomp_xl_s13b_b90k", ("vit-b-32", "ViT-B-32", "datacomp_xl_s13b_b90k")),
        (
            "openclip:ViT-B-32/laion2b_s34b_b79k",
            ("ViT-B-32-laion2b_s34b_b79k", "ViT-B-32", "laion2b_s34b_b79k"),
        ),
    ],
)
def test_models_are_wanted_by_their_catalog_name_or_open_clips(name, found):
    model = wanted(name)
    assert (model.name, model.architecture, model.tag) == found


@pytest.mark.parametrize("name", ["", "vit", "/", "ViT-B-32/", "/openai"])
def test_a_name_of_neither_form_is_told_what_there_is(name):
    with pytest.raises(ModelError, match="mobileclip2-s0"):
        wanted(name)


def test_an_installed_model_works_and_says_where_it_came_from(standin, store, ledger):
    told: list[tuple[int, int]] = []
    model = install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"), lambda *now: told.append(now))
    assert store.models() == (model,)
    assert {file.name for file in model.files} == {SAFE, "open_clip_config.json"}
    assert model.origin is not None
    assert (model.origin.repository, model.origin.revision) == (REPOSITORY, REVISION)
    assert told[-1] == (len(standin.repositories[REPOSITORY][SAFE]),) * 2
    assert {request.why for request in ledger.requests()} == {f"installing {NAME}"}
    config = json.loads((model.folder / "open_clip_config.json").read_text())
    assert config["preprocess_cfg"]["mean"] == [0.1, 0.2, 0.3]
    assert np.isfinite(encode(store)).all()


def test_both_published_forms_give_the_same_model(standin, store, ledger, weights):
    install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    safe = encode(store)
    store.remove(NAME)
    files = standin.repositories[REPOSITORY]
    del files[SAFE]
    files[UNSAFE] = weights[".bin"].read_bytes()
    model = install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert {file.name for file in model.files} == {SAFE, "open_clip_config.json"}
    assert (encode(store) == safe).all()


def test_an_interrupted_installation_leaves_no_model_and_is_gone_on_with(standin, store, ledger):
    standin.break_off = [50_000, 0]
    with pytest.raises(ModelError, match="no connection"):
        install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert store.models() == ()
    assert store.unfinished() == ((NAME, 50_000),)
    install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert standin.sent_bytes == len(standin.repositories[REPOSITORY][SAFE])
    assert np.isfinite(encode(store)).all()


@pytest.mark.parametrize("trouble", ["tamper", "portal", "cancel"])
def test_what_goes_wrong_leaves_no_model(standin, store, ledger, trouble):
    standin.tamper = trouble == "tamper"
    standin.portal = "page" if trouble == "portal" else ""
    error = StoppedError if trouble == "cancel" else ModelError
    with pytest.raises(error):
        install(
            store,
            ledger,
            wanted(f"{ARCHITECTURE}/{TAG}"),
            is_cancelled=lambda: trouble == "cancel",
        )
    assert store.models() == ()
    assert ledger.requests()


def test_room_is_looked_for_before_anything_is_fetched(standin, store, ledger, monkeypatch):
    usage = shutil.disk_usage(store.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=150_000_000))
    with pytest.raises(ModelError, match=r"takes 2\d\d MB.*has 150 MB left"):
        install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert standin.sent_bytes == 0
    assert store.models() == ()


def test_weights_that_are_not_at_the_hub_are_said_to_be_elsewhere(
    standin, store, ledger, monkeypatch
):
    tiny_published.publish(monkeypatch, hf_hub="", url="https://example.org/weights.pt")
    with pytest.raises(ModelError, match=r"example\.org/weights\.pt.*models import"):
        install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert standin.paths == []


def test_a_repository_without_weights_is_named(standin, store, ledger):
    del standin.repositories[REPOSITORY][SAFE]
    with pytest.raises(ModelError, match=f"{REPOSITORY} holds none of"):
        install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))


def test_weights_that_are_no_tensors_are_refused(standin, store, ledger):
    standin.repositories[REPOSITORY][SAFE] = bytes(5000)
    with pytest.raises(ModelError, match="weights cannot be used"):
        install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert store.models() == ()


@pytest.mark.parametrize("model", ["ViT-B-32/laion3b", "ViT-B-23/openai"])
def test_what_open_clip_does_not_know_is_refused_with_what_is_near(standin, store, ledger, model):
    with pytest.raises(ModelError, match="Near: "):
        install(store, ledger, wanted(model))
    assert standin.paths == []


def test_a_package_that_is_missing_is_named_before_the_download(
    standin, store, ledger, monkeypatch
):
    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install transformers.*Nothing was downloaded"):
        install(store, ledger, wanted("xlm-roberta-b-32"))
    assert standin.paths == []


def test_a_tokenizer_of_its_own_is_fetched_from_where_it_is(
    standin, store, ledger, monkeypatch, weights
):
    from open_clip import factory

    config = json.loads(json.dumps(tiny_published.CONFIG))
    config["text_cfg"]["hf_tokenizer_name"] = "someone/words"
    monkeypatch.setitem(factory._MODEL_CONFIGS, ARCHITECTURE, config)
    words = {"tokenizer.json": b'{"words": 1}', "model.py": b"evil", "tokenizer_config.json": b"{}"}
    standin.repositories["someone/words"] = words
    model = install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert {file.name for file in model.files} >= {"tokenizer.json", "tokenizer_config.json"}
    assert not (model.folder / "model.py").exists()
    standin.repositories[REPOSITORY]["tokenizer.json"] = b'{"words": 2}'
    store.remove(NAME)
    model = install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert (model.folder / "tokenizer.json").read_bytes() == b'{"words": 2}'


def test_what_describes_a_foreign_text_tower_is_fetched_from_its_publisher(
    standin, store, ledger, monkeypatch
):
    from open_clip import factory

    config = json.loads(json.dumps(tiny_published.CONFIG))
    config["text_cfg"] |= {"hf_model_name": "someone/tower", "hf_tokenizer_name": "someone/tower"}
    monkeypatch.setitem(factory._MODEL_CONFIGS, ARCHITECTURE, config)
    tower = {"config.json": b'{"model_type": "x"}', "tokenizer.json": b"{}", "model.bin": b"heavy"}
    standin.repositories["someone/tower"] = tower
    model = install(store, ledger, wanted(f"{ARCHITECTURE}/{TAG}"))
    assert (model.folder / "config.json").read_bytes() == tower["config.json"]
    assert not (model.folder / "model.bin").exists()
