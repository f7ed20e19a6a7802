"""Tokenizers of models, from their folders."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from engine.errors import ModelError
from engine.models.openclip.encoder import OpenClipEncoder
from engine.models.openclip.tokens import FileTokenizer, TextSplitter, tokenizer_of_folder
from engine.models.openclip.weights import import_offline

CORPUS = ["a dog in the snow", "two boats on a lake", "the tenant pays the rent", "猫在雪地里"] * 5
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>"]
CONTEXT = 16


@pytest.fixture
def write_tokenizer():
    """Trains a sentencepiece tokenizer, of the kind SigLIP 2 has, and writes its files."""

    def write(folder, settings):
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_previous")
        tokenizer.decoder = decoders.Replace("▁", " ")
        bytes_ = [f"<0x{number:02X}>" for number in range(256)]
        trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=[*SPECIAL, *bytes_])
        tokenizer.train_from_iterator(CORPUS, trainer)
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")

    return write


GEMMA = {
    "add_bos_token": False,
    "add_eos_token": True,
    "bos_token": "<bos>",
    "eos_token": "<eos>",
    "pad_token": {"content": "<pad>", "lstrip": False},
}


def sentencepiece(layers):
    layers["text_cfg"] |= {
        "hf_tokenizer_name": "someone/tokenizer",
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "vocab_size": 1000,
        "pool_type": "last",
        "no_causal_mask": True,
    }
    layers["custom_text"] = True


@pytest.fixture
def folder(save_model, write_tokenizer, tmp_path):
    made = save_model(tmp_path / "model", sentencepiece)
    write_tokenizer(made, GEMMA)
    return made


def test_a_tokenizer_in_the_folder_needs_no_transformers(folder):
    open_clip, _ = import_offline()
    tokenizer = tokenizer_of_folder(open_clip, folder)
    ids = tokenizer.ids(["A dog, in the SNOW!", "a dog in the snow", ""])
    assert ids.shape == (3, CONTEXT)
    assert (ids[0] == ids[1]).all()  # cleaned as the model's configuration says
    filled = (ids[1] != 0).sum()
    assert ids[1][filled - 1] == SPECIAL.index("<eos>")
    assert tokenizer.count("a dog in the snow") == filled - 1
    assert ids[2].tolist() == [SPECIAL.index("<eos>"), *[0] * (CONTEXT - 1)]


def test_its_marks_follow_the_settings(write_tokenizer, tmp_path):
    write_tokenizer(tmp_path, GEMMA | {"add_bos_token": True, "add_eos_token": False})
    ids = FileTokenizer(tmp_path, CONTEXT, "whitespace").ids(["a dog"])[0]
    assert ids[0] == SPECIAL.index("<bos>")
    assert SPECIAL.index("<eos>") not in ids


def test_long_texts_are_split_and_not_cut_off(folder):
    open_clip, _ = import_offline()
    splitter = TextSplitter(tokenizer_of_folder(open_clip, folder))
    text = " ".join(["the tenant pays the rent"] * 20 + ["猫在雪地里"])
    parts = splitter.parts(text)
    assert " ".join(parts) == text
    assert all(splitter.count(part) <= CONTEXT - 3 for part in parts)
    assert splitter.count(text) > 5 * CONTEXT


def test_a_whole_model_with_it_reads_texts(folder):
    encoder = OpenClipEncoder(f"openclip:{folder}", "cpu")
    vectors = encoder.encode_texts(["a dog in the snow", "two boats", "猫在雪地里 " * 30])
    assert vectors.shape == (3, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert (vectors[0] * vectors[1]).sum() < 0.9999
    long = encoder.encode_texts(["the tenant " * 30 + end for end in ("a dog", "boats")])
    assert not np.allclose(long[0], long[1], atol=1e-4)


@pytest.mark.parametrize(
    ("damage", "message"), [("nonsense", "tokenizer.json"), ("no padding", "“<nothing>”")]
)
def test_a_damaged_tokenizer_is_a_model_error(folder, damage, message):
    if damage == "nonsense":
        (folder / "tokenizer.json").write_text("nonsense", "utf-8")
    else:
        settings = GEMMA | {"pad_token": "<nothing>"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    with pytest.raises(ModelError, match=message):
        OpenClipEncoder(f"openclip:{folder}", "cpu")


@pytest.fixture
def without_transformers(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "transformers" else find(name)
    )


@pytest.mark.usefixtures("without_transformers")
def test_what_needs_transformers_says_so_and_how_to_get_it(folder):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="pip install transformers"):
        OpenClipEncoder(f"openclip:{folder}", "cpu")
    config = folder / "open_clip_config.json"
    described = json.loads(config.read_bytes())
    described["model_cfg"]["text_cfg"]["hf_model_name"] = "xlm-roberta-base"
    config.write_text(json.dumps(described), "utf-8")
    with pytest.raises(ModelError, match=r"text tower.*pip install transformers"):
        OpenClipEncoder(f"openclip:{folder}", "cpu")


def test_a_foreign_text_tower_without_its_description_is_named(folder, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: find("json"))
    config = folder / "open_clip_config.json"
    described = json.loads(config.read_bytes())
    described["model_cfg"]["text_cfg"]["hf_model_name"] = "xlm-roberta-base"
    config.write_text(json.dumps(described), "utf-8")
    with pytest.raises(ModelError, match=r"config\.json"):
        OpenClipEncoder(f"openclip:{folder}", "cpu")


@pytest.mark.parametrize("content", ["nonsense", "[]", '{"preprocess_cfg": {}}'])
def test_an_unreadable_configuration_is_a_model_error(folder, content):
    (folder / "open_clip_config.json").write_text(content, "utf-8")
    with pytest.raises(ModelError, match="configuration"):
        OpenClipEncoder(f"openclip:{folder}", "cpu")
