"""The starter model, which comes with Keepsight: small, at once on any computer."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.onnx import OnnxGraph, default_threads
from engine.models.windows import average_windows, split_windows
from engine.models.wordpiece import WordPieces
from engine.readings import PixelSpec
from engine.records import Calibration, Medium, ModelCard, Null

PREPROCESSING = "wordpiece-2"
"""Changes whenever the same picture or text would be prepared differently."""

IMAGES_AT_ONCE = 4
"""Fits the caches: on two cores 135 photos/s and 290 MB, where 16 gave 75 and 560."""

TEXTS_AT_ONCE = 64
TOKENS_AT_ONCE = 512
"""A longer text is embedded in stretches of this many tokens and their embeddings averaged."""


class StarterEncoder:
    """An image tower (MobileNetV2) and a text tower (of word pieces) into one space.

    Pictures and texts run in separate sessions: a query never waits for pictures. Which languages
    it reads is on its card, and in its vocabulary: words of others are unknown.
    """

    def __init__(self, folder: Path | None = None, *, threads: int | None = None) -> None:
        """Loads the model in `folder`, by default the built-in one. Raises ModelError.

        `threads` is how many work on a batch of pictures.
        """
        folder = folder or starter_folder()
        described = _read_description(folder)
        contents = _read_checked(folder, described)
        self._card = _card(described)
        self._words = WordPieces(contents["tokenizer.json"])
        self._image = OnnxGraph(
            contents["image.onnx"], name="image.onnx", threads=threads or default_threads()
        )
        # One thread: a query takes a fraction of a millisecond.
        self._text = OnnxGraph(contents["text.onnx"], name="text.onnx", threads=1)
        with np.load(io.BytesIO(contents["background.npz"])) as stored:
            self._background = {medium: _unit(stored[medium.value]) for medium in Medium}

    @property
    def card(self) -> ModelCard:
        """What the model is and wants."""
        return self._card

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, whole pictures squashed, to (N, D) float32, normalised."""
        edge_px = self._card.pixels.edge_px
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (edge_px, edge_px, 3):
            raise ValueError(f"wanted (N, {edge_px}, {edge_px}, 3) uint8, not {pixels.shape}")
        embeddings = np.zeros((len(pixels), self._card.dimension), np.float32)
        for start in range(0, len(pixels), IMAGES_AT_ONCE):
            batch = np.ascontiguousarray(pixels[start : start + IMAGES_AT_ONCE])
            embeddings[start : start + len(batch)] = self._image.run(batch)
        return embeddings

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, normalised; a text without a known word gives zeros.

        No text is cut off: past 512 tokens, its stretches are embedded and averaged.
        """
        windows, owners = split_windows([self._words.ids(text) for text in texts], TOKENS_AT_ONCE)
        return average_windows(self._encode_ids(windows), owners, len(texts))

    def encode_query(self, query: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The (D,) float32 vector that a query is compared with texts and pictures by, twice."""
        vector = self.encode_texts([query])[0]
        return vector, vector

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that its embedding does not count, in order.

        Emoji, scripts that the model did not learn, and strings that are no words in any language.
        """
        return self._words.unknown_words(text)

    def background(self, medium: Medium) -> NDArray[np.float32]:
        """(1024, D) embeddings of unrelated photos or captions, normalised.

        What a query's cosines are compared with, and hubs are told by.
        """
        return self._background[medium]

    def close(self) -> None:
        """Frees the memory; no call may follow."""
        del self._image, self._text

    def _encode_ids(self, windows: list[list[int]]) -> NDArray[np.float32]:
        """Embeds each window of ids, those of similar length together, padded with 0."""
        embeddings = np.zeros((len(windows), self._card.dimension), np.float32)
        by_length = sorted(range(len(windows)), key=lambda index: len(windows[index]))
        for start in range(0, len(by_length), TEXTS_AT_ONCE):
            chosen = by_length[start : start + TEXTS_AT_ONCE]
            ids = np.zeros((len(chosen), len(windows[chosen[-1]])), np.int64)
            for row, index in enumerate(chosen):
                ids[row, : len(windows[index])] = windows[index]
            embeddings[chosen] = self._text.run(ids)
        return embeddings


def starter_folder() -> Path:
    """Where the built-in model's files are."""
    return Path(str(files("resources") / "models" / "starter"))


def read_card(folder: Path | None = None) -> ModelCard:
    """What the starter model is and wants, without loading it. Raises ModelError."""
    return _card(_read_description(folder or starter_folder()))


def in_numbers(folder: Path | None = None) -> tuple[int, float]:
    """How many bytes it takes on disk, and of how many of 100 captions it finds the photo first.

    The captions are the English ones of 1,000 photos of Flickr8k. Raises ModelError.
    """
    described = _read_description(folder or starter_folder())
    size_bytes = sum(described["size_bytes"].values())
    return size_bytes, described["figures"]["text_to_image"]["en"]["recall@1"]


def _read_description(folder: Path) -> dict[str, Any]:
    path = folder / "card.json"
    try:
        described: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    return described


def _read_checked(folder: Path, described: dict[str, Any]) -> dict[str, bytes]:
    """The model's files by name, if they are those that the card names."""
    contents = {}
    for name, expected in described["sha256"].items():
        path = folder / name
        try:
            contents[name] = path.read_bytes()
        except OSError as error:
            raise _damaged(path, str(error)) from error
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise _damaged(path, "its contents have changed")
    return contents


def _unit(rows: NDArray[np.int8]) -> NDArray[np.float32]:
    """(N, D) vectors of length 1: what is stored tells their directions."""
    vectors = rows.astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(lengths, 1)
    return unit


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(
        "The starter model is damaged",
        f"{path.name} cannot be used: {reason}. Reinstall Keepsight; your library is not affected.",
        path,
    )


def _card(described: dict[str, Any]) -> ModelCard:
    calibration = {
        pair: Calibration(fitted["slope"], fitted["offset"], Null(fitted.get("null", Null.ALL)))
        for pair, fitted in described["calibration"].items()
    }
    return ModelCard(
        name=described["name"],
        title=described["title"],
        version=described["version"],
        dimension=described["dimension"],
        pixels=PixelSpec(**described["pixels"]),
        languages=tuple(described["languages"]),
        licence=described["licence"],
        fingerprint=_fingerprint(described, "image.onnx", "text.onnx", "tokenizer.json"),
        photo_calibration=calibration["photo"],
        passage_calibration=calibration["passage"],
        picture_calibration=calibration["picture"],
        image_fingerprint=_fingerprint(described, "image.onnx"),
        text_fingerprint=_fingerprint(described, "text.onnx", "tokenizer.json"),
    )


def _fingerprint(described: dict[str, Any], *names: str) -> str:
    """Names vectors: the files that make them, and how their input is prepared."""
    pixels = json.dumps(described["pixels"], sort_keys=True)
    made_by = [*(described["sha256"][name] for name in names), pixels, PREPROCESSING]
    return "starter-" + hashlib.sha256("\n".join(made_by).encode()).hexdigest()[:16]
