"""Runs the sentence encoder that the text tower is distilled from, and keeps what it said."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import torch  # noqa: TID253 - this module is imported only to train
from msgspec import Meta, Struct
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import nn  # noqa: TID253 - as above

from engine.errors import KeepsightError, ModelError
from engine.paths import shown
from engine.training.networks.precision import bfloat16_is_fast

MOST_PIECES = 256
"""Of longer texts the beginning is embedded, as all-MiniLM-L6-v2 was trained."""
AT_ONCE = 64

OnProgress = Callable[[int, int], None]
"""Called with how many texts are done, and of how many."""

_Positive = Annotated[int, Meta(ge=1)]
_WITHIN_LAYERS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
"""What torch's TransformerEncoderLayer calls the parts of BERT's layers."""
_EMBEDDINGS = {
    "word.weight": "word_embeddings.weight",
    "position.weight": "position_embeddings.weight",
    "segment.weight": "token_type_embeddings.weight",
    "norm.weight": "LayerNorm.weight",
    "norm.bias": "LayerNorm.bias",
}


class _Shape(Struct, frozen=True):
    """What config.json says of a BERT: its sizes, and that it is one that is known here."""

    vocab_size: _Positive
    hidden_size: _Positive
    intermediate_size: _Positive
    num_hidden_layers: _Positive
    num_attention_heads: _Positive
    max_position_embeddings: _Positive
    type_vocab_size: _Positive = 2
    layer_norm_eps: float = 1e-12
    hidden_act: Literal["gelu"] = "gelu"
    position_embedding_type: Literal["absolute"] = "absolute"


class SentenceTeacher:
    """A BERT that embeds sentences: the mean of its last layer over a text's pieces, normalised.

    all-MiniLM-L6-v2 is one (N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019; W. Wang et
    al., "MiniLM", NeurIPS 2020). It is a folder with config.json, model.safetensors and
    tokenizer.json. `fingerprint` is the SHA-256 of the weights, `dimension` the length of vectors.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Loads the model in `folder`. Raises ModelError."""
        weights = _contents(folder / "model.safetensors")
        shape = _read_shape(folder / "config.json")
        self.fingerprint = hashlib.sha256(weights).hexdigest()
        self.dimension = shape.hidden_size
        self._device = torch.device(device)
        self._tokenizer = _read_tokenizer(folder / "tokenizer.json", shape)
        self._bert = _read_weights(weights, shape, folder / "model.safetensors").to(self._device)

    def embed(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> NDArray[Any]:
        """N texts to (N, dimension) float32, L2-normalised.

        A text's first 256 word pieces are read, marks included, and the rest is left out. Equal
        texts are embedded once. Where the processor computes in bfloat16, so does this.
        """
        unique = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        encodings = self._tokenizer.encode_batch(list(unique))
        pieces = [encoding.ids for encoding in encodings]
        # Texts of about one length at once: little of a batch is padding.
        order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
        found = np.zeros((len(pieces), self.dimension), np.float32)
        for start in range(0, len(order), AT_ONCE):
            batch = order[start : start + AT_ONCE]
            found[batch] = self._embedded([pieces[place] for place in batch])
            if on_progress:
                on_progress(start + len(batch), len(order))
        return found[[unique[text] for text in texts]]

    def embed_pieces(self, pieces: Sequence[str]) -> NDArray[Any]:
        """N single pieces, as the vocabulary has them, to (N, dimension) float32, L2-normalised.

        Each is read between the marks of a text; pieces that it lacks are unknown words.
        """
        first, *_, last = self._tokenizer.encode("a").ids
        unknown = self._tokenizer.token_to_id("[UNK]") or 0
        numbers = [self._tokenizer.token_to_id(piece) for piece in pieces]
        marked = [[first, unknown if number is None else number, last] for number in numbers]
        found = np.zeros((len(marked), self.dimension), np.float32)
        for start in range(0, len(marked), AT_ONCE):
            found[start : start + AT_ONCE] = self._embedded(marked[start : start + AT_ONCE])
        return found

    def _embedded(self, pieces: list[list[int]]) -> NDArray[Any]:
        lengths = torch.tensor([len(ids) for ids in pieces])
        padded = nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in pieces], batch_first=True)
        present = torch.arange(padded.shape[1])[None] < lengths[:, None]
        padded, present = padded.to(self._device), present.to(self._device)
        with torch.inference_mode(), _autocast(self._device):
            hidden = self._bert(padded, present).float()
        # The sum, not the mean: the length of a text is gone once it is normalised.
        summed = (hidden * present[..., None]).sum(dim=1)
        embeddings: NDArray[Any] = nn.functional.normalize(summed, dim=-1).cpu().numpy()
        return embeddings


def cached(
    teacher: SentenceTeacher,
    texts: Sequence[str],
    file: Path,
    on_progress: OnProgress | None = None,
) -> NDArray[Any]:
    """What `teacher` makes of `texts`, (N, dimension) float32, L2-normalised, kept in `file`.

    The .npz is taken only if it was made from the same texts by the same weights; otherwise the
    texts are embedded, and it is replaced. Vectors are kept as float16. Raises KeepsightError where
    the file cannot be written.
    """
    key = _key(teacher, texts)
    kept = _kept(file, key, (len(texts), teacher.dimension))
    if kept is None:
        kept = teacher.embed(texts, on_progress).astype(np.float16)
        _keep(file, key, kept)
    embeddings = kept.astype(np.float32)
    normalised: NDArray[Any] = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return normalised


class _Bert(nn.Module):  # type: ignore[misc]
    """BERT without its pooler: (N, L) ids and which of them are there to (N, L, D)."""

    def __init__(self, shape: _Shape) -> None:
        super().__init__()
        width = shape.hidden_size
        self.word = nn.Embedding(shape.vocab_size, width)
        self.position = nn.Embedding(shape.max_position_embeddings, width)
        self.segment = nn.Embedding(shape.type_vocab_size, width)
        self.norm = nn.LayerNorm(width, shape.layer_norm_eps)
        layer = nn.TransformerEncoderLayer(
            width,
            shape.num_attention_heads,
            shape.intermediate_size,
            dropout=0.0,
            activation=shape.hidden_act,
            layer_norm_eps=shape.layer_norm_eps,
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(
            layer, shape.num_hidden_layers, enable_nested_tensor=False
        )

    def forward(self, ids: Any, present: Any) -> Any:
        """The last layer's vectors, (N, L, D)."""
        embedded = self.word(ids) + self.position.weight[: ids.shape[1]] + self.segment.weight[0]
        return self.encoder(self.norm(embedded), src_key_padding_mask=~present)


def _read_shape(file: Path) -> _Shape:
    try:
        shape = msgspec.json.decode(_contents(file), type=_Shape)
    except msgspec.MsgspecError as error:
        raise _unusable(file, str(error)) from error
    if shape.hidden_size % shape.num_attention_heads:
        raise _unusable(file, "its attention heads do not divide its size")
    return shape


def _read_tokenizer(file: Path, shape: _Shape) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(_contents(file))
    except ModelError:
        raise
    except Exception as error:  # tokenizers raises plain Exception
        raise _unusable(file, str(error)) from error
    if tokenizer.get_vocab_size() > shape.vocab_size:
        raise _unusable(file, "it has more word pieces than the model")
    tokenizer.enable_truncation(min(MOST_PIECES, shape.max_position_embeddings))
    tokenizer.no_padding()
    return tokenizer


def _read_weights(data: bytes, shape: _Shape, file: Path) -> _Bert:
    bert = _Bert(shape)
    try:
        weights = {name.removeprefix("bert."): weight for name, weight in load(data).items()}
        bert.load_state_dict(_renamed(weights, shape.num_hidden_layers))
    except KeyError as error:
        raise _unusable(file, f"it lacks {error}") from error
    except (SafetensorError, RuntimeError) as error:
        raise _unusable(file, str(error)) from error
    return bert.eval().requires_grad_(False)  # type: ignore[no-any-return]


def _renamed(weights: dict[str, Any], layers: int) -> dict[str, Any]:
    """BERT's weights under the names of `_Bert`. Raises KeyError."""
    renamed = {ours: weights[f"embeddings.{theirs}"] for ours, theirs in _EMBEDDINGS.items()}
    for layer in range(layers):
        ours, theirs = f"encoder.layers.{layer}.", f"encoder.layer.{layer}."
        for kind in ("weight", "bias"):
            attention = theirs + "attention.self."
            renamed[f"{ours}self_attn.in_proj_{kind}"] = torch.cat(
                [weights[f"{attention}{name}.{kind}"] for name in ("query", "key", "value")]
            )
            for part, their_part in _WITHIN_LAYERS.items():
                renamed[f"{ours}{part}.{kind}"] = weights[f"{theirs}{their_part}.{kind}"]
    return renamed


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            "The sentence teacher cannot be loaded",
            f"{shown(file)} cannot be read ({shown(error.strerror or str(error))}). Its folder "
            "must hold config.json, model.safetensors and tokenizer.json.",
            file,
        ) from error


def _unusable(file: Path, reason: str) -> ModelError:
    return ModelError(
        "The sentence teacher cannot be loaded",
        f"{shown(file)} is damaged or of another kind of model ({shown(reason)}). Get a good copy.",
        file,
    )


def _autocast(device: Any) -> Any:
    """Computes in bfloat16 where that is faster than in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_is_fast(str(device)))


def _key(teacher: SentenceTeacher, texts: Sequence[str]) -> str:
    made_from = [teacher.fingerprint, MOST_PIECES, list(texts)]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def _kept(file: Path, key: str, shape: tuple[int, int]) -> NDArray[Any] | None:
    """The vectors in `file`, if they are those of `key` and whole."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as kept:
            vectors: NDArray[Any] = kept["embeddings"]
            if str(kept["key"]) != key or vectors.shape != shape:
                return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return vectors if np.isfinite(vectors).all() else None


def _keep(file: Path, key: str, vectors: NDArray[Any]) -> None:
    temporary = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as opened:
            np.savez(opened, key=np.array(key), embeddings=vectors)
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
    except OSError as error:
        raise KeepsightError(
            "The teacher's embeddings cannot be kept",
            f"{shown(file)} cannot be written ({shown(error.strerror or str(error))}).",
            file,
        ) from error
