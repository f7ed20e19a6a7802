from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253 - a teacher is made of it
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from engine.errors import KeepsightError, ModelError
from engine.training.teachers import MOST_PIECES, SentenceTeacher, cached

WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "dog", "runs", "on", "the", "beach", "far", "##s"]
CONFIG = {
    "vocab_size": len(WORDS),
    "hidden_size": 12,
    "intermediate_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "max_position_embeddings": 300,
    "hidden_act": "gelu",
    "model_type": "bert",
}
TEXTS = ["a dog", "the dog runs on the beach", "far", "dogs on a beach far far on the beach", "a"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with a BERT of 12 numbers, its weights drawn at random."""
    return write_model(tmp_path / "model", seed=1)


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Computes in float32, to tell rounding from mistakes."""
    monkeypatch.setattr("engine.training.teachers.bfloat16_is_fast", lambda _device: False)


def write_model(folder: Path, seed: int) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    tokenizer = Tokenizer(
        WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer, tokenizer.pre_tokenizer = Lowercase(), Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(length=64)  # as published, which must not matter
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file(weights(seed), folder / "model.safetensors")
    return folder


def weights(seed: int) -> dict[str, torch.Tensor]:
    """Random weights under the names that BERT's have."""
    draws = torch.Generator().manual_seed(seed)
    width, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (CONFIG["vocab_size"], width),
        "embeddings.position_embeddings.weight": (CONFIG["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(CONFIG["num_hidden_layers"]):
        linear = {
            "attention.self.query": (width, width),
            "attention.self.key": (width, width),
            "attention.self.value": (width, width),
            "attention.output.dense": (width, width),
            "attention.output.LayerNorm": (width,),
            "intermediate.dense": (inner, width),
            "output.dense": (width, inner),
            "output.LayerNorm": (width,),
        }
        for name, shape in linear.items():
            shapes[f"encoder.layer.{layer}.{name}.weight"] = shape
            shapes[f"encoder.layer.{layer}.{name}.bias"] = shape[:1]
    drawn = {name: torch.randn(shape, generator=draws) for name, shape in shapes.items()}
    # Normalisations near the identity: otherwise all texts would look alike.
    return {
        name: weight / 10 + name.endswith("weight") if "LayerNorm" in name else weight
        for name, weight in drawn.items()
    }


def by_hand(text_ids: list[int], seed: int) -> np.ndarray:
    """BERT as its paper has it (J. Devlin et al., 2019), one text at a time."""
    w = weights(seed)
    functional = torch.nn.functional

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return functional.layer_norm(x, x.shape[-1:], w[f"{name}.weight"], w[f"{name}.bias"], 1e-12)

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][text_ids]
    x = x + w["embeddings.position_embeddings.weight"][: len(text_ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    heads = CONFIG["num_attention_heads"]
    for layer in range(CONFIG["num_hidden_layers"]):
        part = f"encoder.layer.{layer}"
        query, key, value = (
            linear(x, f"{part}.attention.self.{name}").view(len(x), heads, -1).transpose(0, 1)
            for name in ("query", "key", "value")
        )
        attention = (query @ key.transpose(1, 2) / query.shape[-1] ** 0.5).softmax(-1)
        seen = (attention @ value).transpose(0, 1).reshape(x.shape)
        x = norm(
            x + linear(seen, f"{part}.attention.output.dense"), f"{part}.attention.output.LayerNorm"
        )
        inner = functional.gelu(linear(x, f"{part}.intermediate.dense"))
        x = norm(x + linear(inner, f"{part}.output.dense"), f"{part}.output.LayerNorm")
    return functional.normalize(x.mean(0), dim=0).numpy()


@pytest.mark.usefixtures("exact")
def test_an_embedding_is_the_mean_of_berts_last_layer_normalised(model: Path) -> None:
    found = SentenceTeacher(model).embed(["A dog runs"])
    cls, sep = 1, 2
    expected = by_hand([cls, WORDS.index("a"), WORDS.index("dog"), WORDS.index("runs"), sep], 1)
    assert np.allclose(found[0], expected, atol=1e-5)


@pytest.mark.usefixtures("exact")
def test_embeddings_are_normalised_float32_in_the_order_of_the_texts(model: Path) -> None:
    teacher = SentenceTeacher(model)
    found = teacher.embed(TEXTS)
    assert found.shape == (len(TEXTS), teacher.dimension) == (5, 12)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert np.allclose(teacher.embed(TEXTS[::-1])[::-1], found, atol=1e-5)
    assert ((found @ found.T)[~np.eye(len(TEXTS), dtype=bool)] < 0.999).all()
    assert teacher.embed([]).shape == (0, 12)


@pytest.mark.usefixtures("exact")
def test_a_piece_is_embedded_as_a_text_of_it_alone(model: Path) -> None:
    teacher = SentenceTeacher(model)
    dog, ending, unknown = teacher.embed_pieces(["dog", "##s", "cat"])
    assert np.allclose(dog, teacher.embed(["dog"])[0], atol=1e-5)
    assert np.allclose(unknown, teacher.embed(["?"])[0], atol=1e-5)
    assert not np.allclose(ending, unknown, atol=1e-2)
    assert teacher.embed_pieces([]).shape == (0, 12)


@pytest.mark.usefixtures("exact")
def test_neither_padding_nor_other_texts_of_a_batch_change_an_embedding(model: Path) -> None:
    teacher = SentenceTeacher(model)
    alone = np.concatenate([teacher.embed([text]) for text in TEXTS])
    assert np.allclose(teacher.embed(TEXTS * 40)[: len(TEXTS)], alone, atol=1e-5)


def test_bfloat16_hardly_changes_an_embedding(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = SentenceTeacher(model)
    rounded = teacher.embed(TEXTS)
    monkeypatch.setattr("engine.training.teachers.bfloat16_is_fast", lambda _device: False)
    assert ((teacher.embed(TEXTS) * rounded).sum(axis=1) > 0.99).all()


@pytest.mark.usefixtures("exact")
def test_what_comes_after_256_pieces_is_left_out(model: Path) -> None:
    teacher = SentenceTeacher(model)
    marks = 2
    full = "dog " * (MOST_PIECES - marks)
    one, more, less = teacher.embed([full, full + "beach far", full[4:]])
    assert np.allclose(one, more, atol=1e-6)
    assert not np.allclose(one, less, atol=1e-6)


def test_progress_counts_each_different_text_once(model: Path) -> None:
    seen: list[tuple[int, int]] = []
    texts = ["a " * length for length in range(1, 101)]
    SentenceTeacher(model).embed([*texts, *texts], lambda done, of: seen.append((done, of)))
    assert seen == [(64, 100), (100, 100)]


def test_weights_named_as_a_part_of_a_larger_model_are_found(model: Path) -> None:
    plain = SentenceTeacher(model).embed(TEXTS)
    save_file(
        {f"bert.{name}": weight for name, weight in weights(1).items()},
        model / "model.safetensors",
    )
    assert np.array_equal(SentenceTeacher(model).embed(TEXTS), plain)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_or_damaged_file_is_named(model: Path, name: str) -> None:
    (model / name).write_bytes(b"no longer what it was")
    with pytest.raises(ModelError, match=name) as damaged:
        SentenceTeacher(model)
    assert damaged.value.path == model / name
    (model / name).unlink()
    with pytest.raises(ModelError, match=name):
        SentenceTeacher(model)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden_size": 13},
        {"hidden_act": "relu"},
        {"num_hidden_layers": 3},
        {"intermediate_size": 21},
        {"position_embedding_type": "relative_key"},
        {"vocab_size": 5},
    ],
)
def test_a_model_that_is_not_as_its_config_says_is_refused(
    model: Path, change: dict[str, object]
) -> None:
    (model / "config.json").write_text(json.dumps(CONFIG | change))
    with pytest.raises(ModelError):
        SentenceTeacher(model)


def counting(teacher: SentenceTeacher) -> tuple[list[int], Callable[[int, int], None]]:
    calls: list[int] = []
    return calls, lambda done, _of: calls.append(done)


def test_what_is_cached_is_not_embedded_again(model: Path, tmp_path: Path) -> None:
    teacher, file = SentenceTeacher(model), tmp_path / "cache" / "texts.npz"
    calls, on_progress = counting(teacher)
    first = cached(teacher, TEXTS, file, on_progress)
    again = cached(teacher, TEXTS, file, on_progress)
    assert calls == [len(TEXTS)]
    assert np.array_equal(first, again)
    assert first.dtype == np.float32
    assert np.allclose(first, teacher.embed(TEXTS), atol=1e-3)
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-6)
    assert [found.name for found in file.parent.iterdir()] == ["texts.npz"]


def test_a_cache_of_other_texts_or_weights_is_not_trusted(model: Path, tmp_path: Path) -> None:
    teacher, file = SentenceTeacher(model), tmp_path / "texts.npz"
    other = SentenceTeacher(write_model(tmp_path / "other", seed=2))
    cached(teacher, TEXTS, file)
    swapped = TEXTS[::-1]
    assert np.allclose(cached(teacher, swapped, file), teacher.embed(swapped), atol=1e-3)
    assert np.allclose(cached(other, swapped, file), other.embed(swapped), atol=1e-3)
    assert other.fingerprint != teacher.fingerprint


@pytest.mark.parametrize("keep", [0, 30, 400])
def test_a_damaged_cache_is_replaced(model: Path, tmp_path: Path, keep: int) -> None:
    teacher, file = SentenceTeacher(model), tmp_path / "texts.npz"
    whole = cached(teacher, TEXTS, file)
    file.write_bytes(file.read_bytes()[:keep])
    assert np.array_equal(cached(teacher, TEXTS, file), whole)
    calls, on_progress = counting(teacher)
    cached(teacher, TEXTS, file, on_progress)
    assert calls == []


def test_a_cache_that_cannot_be_written_is_an_error(model: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, where a folder is wanted")
    with pytest.raises(KeepsightError, match="cannot be written"):
        cached(SentenceTeacher(model), TEXTS, tmp_path / "taken" / "texts.npz")
