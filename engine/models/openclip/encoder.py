"""Runs any OpenCLIP model, in torch or as it was compiled for this computer.

Nothing here opens a socket: weights and tokenizers come from disk, or the model is refused.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.openclip import weights
from engine.models.openclip.card import make_card, quantised_fingerprint, read_notes
from engine.models.openclip.compiled import COMPILED, Form, OnnxTowers, Plan, usable_plan
from engine.models.openclip.devices import best_device
from engine.models.openclip.prompts import captions
from engine.models.openclip.spec import parse_spec
from engine.models.openclip.tokens import TextSplitter, tokenizer_of_folder
from engine.models.openclip.towers import TorchTowers
from engine.models.windows import average_windows
from engine.records import Medium, ModelCard

logger = logging.getLogger(__name__)


class Towers(Protocol):
    """Pictures and ids of texts to vectors; how depends on the form."""

    def images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, N > 0, to (N, D) float32, L2-normalised."""
        ...

    def texts(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, context) int64, N > 0, to (N, D) float32, L2-normalised."""
        ...

    def close(self) -> None:
        """Frees the memory; no call may follow."""
        ...


class OpenClipEncoder:
    """An OpenCLIP model on CUDA, MPS or the CPU, whichever there is."""

    def __init__(self, spec: str, device: str | None = None, *, threads: int | None = None) -> None:
        """Loads what `spec` names (see `parse_spec`) from disk. Raises ModelError.

        `threads` limits the threads on the CPU; those of torch in the whole process.
        """
        folder = parse_spec(spec).folder
        _, torch = weights.import_offline()
        self._spec = spec
        self._templates_help = read_notes(spec).templates
        self._device = device or best_device(torch)
        if threads and self._device == "cpu":
            torch.set_num_threads(threads)
        plan = usable_plan(folder, self._device) if folder else None
        self._whole: TorchTowers | None = None
        self._whole_lock = threading.Lock()
        if not (folder and plan and plan.form.graphs and self._open(folder, plan, threads)):
            self._load(compiled=plan is not None and plan.form is Form.TORCH_COMPILED)

    @property
    def card(self) -> ModelCard:
        """What the model is and wants."""
        return self._card

    @property
    def form(self) -> Form:
        """How it runs."""
        return self._form

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB, fitted to `card.pixels`, to (N, D) float32, L2-normalised."""
        self._check(pixels)
        if not len(pixels):
            return self._nothing()
        return self._towers.images(pixels)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, L2-normalised; an empty text gives zeros.

        No text is cut off: one that exceeds the model's context is halved until its parts fit,
        and their embeddings are averaged.
        """
        splitter = self._splitter
        owned = [(part, owner) for owner, text in enumerate(texts) for part in splitter.parts(text)]
        vectors = self._nothing()
        if owned:
            vectors = self._towers.texts(splitter.ids([part for part, _ in owned]))
        return average_windows(vectors, [owner for _, owner in owned], len(texts))

    def encode_query(self, query: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What a query is compared with texts by, and with pictures: two (D,) float32.

        For pictures a short one is dressed up as captions, where the model's notes say that it
        helps.
        """
        dressed = captions(query) if self._templates_help else ()
        vectors = self.encode_texts([query, *dressed])
        if not dressed:
            return vectors[0], vectors[0]
        return vectors[0], average_windows(vectors[1:], [0] * len(dressed), 1)[0]

    def encode_patches(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB, N > 0, to (N, rows, columns, D) float32, L2-normalised.

        The vectors of the picture's patches, to be compared with those of texts. Raises ModelError
        where the model has none. Always in torch: a compiled model first loads it, for seconds.
        """
        self._check(pixels)
        with self._whole_lock:
            if self._whole is None:
                loaded = weights.load(self._spec, self._device)
                self._whole = TorchTowers(loaded.model, self._device)
        return self._whole.patches(pixels)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """None: these vocabularies go down to single bytes, so that no word is unknown."""
        return ()

    def background(self, medium: Medium) -> NDArray[np.float32]:
        """(0, D): a model from elsewhere brings no unrelated embeddings with it."""
        return self._nothing()

    def close(self) -> None:
        """Frees the memory, also that on the accelerator; no call may follow."""
        self._towers.close()
        if self._whole is not None and self._whole is not self._towers:
            self._whole.close()
        self._whole = None

    def _open(self, folder: Path, plan: Plan, threads: int | None) -> bool:
        """Opens the graphs of `plan`; where they do not open, torch makes the same, or its own."""
        open_clip, _ = weights.import_offline()
        try:
            towers = OnnxTowers(folder / COMPILED, plan.form, threads=threads)
            tokenizer = tokenizer_of_folder(open_clip, folder)
        except ModelError as error:
            logger.warning("%s runs in torch: %s", folder.name, error)
            return False
        self._towers: Towers = towers
        self._form = plan.form
        self._splitter = TextSplitter(tokenizer)
        self._card = make_card(
            self._spec, folder.name, plan.identity, plan.pictures, dimension=plan.dimension
        )
        # The vectors of float32 are torch's within rounding (cosine 0.999 at least, measured when
        # the graphs were made), so they share its fingerprint; those of int8 are others.
        if plan.form is Form.INT8:
            fingerprint = quantised_fingerprint(self._card.fingerprint, plan.graphs_hash)
            self._card = replace(self._card, fingerprint=fingerprint)
        return True

    def _load(self, *, compiled: bool) -> None:
        loaded = weights.load(self._spec, self._device)
        self._whole = TorchTowers(loaded.model, self._device, compiled=compiled)
        self._towers = self._whole
        self._form = Form.TORCH_COMPILED if compiled else Form.TORCH
        self._splitter = TextSplitter(loaded.tokenizer)
        try:
            dimension = self._whole.texts(self._splitter.ids(["a"])).shape[1]
        except Exception as error:  # a foreign tokenizer may not fit its model
            raise weights.not_loaded(self._spec, error) from error
        pictures = loaded.model.visual.preprocess_cfg
        self._card = make_card(
            self._spec, loaded.title, loaded.identity, pictures, dimension=dimension
        )

    def _check(self, pixels: NDArray[np.uint8]) -> None:
        edge_px = self._card.pixels.edge_px
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (edge_px, edge_px, 3):
            raise ValueError(f"wanted (N, {edge_px}, {edge_px}, 3) uint8, not {pixels.shape}")

    def _nothing(self) -> NDArray[np.float32]:
        return np.zeros((0, self._card.dimension), np.float32)
