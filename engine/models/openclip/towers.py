"""Runs a model's two towers with torch, on CUDA, MPS or the CPU."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.openclip import devices
from engine.models.openclip.patches import patch_features

logger = logging.getLogger(__name__)


class TorchTowers:
    """Pictures and ids of texts to vectors. Safe to call from several threads."""

    def __init__(
        self, model: Any, device: str, *, compiled: bool = False, exact: bool = False
    ) -> None:
        """`model` is OpenCLIP's, on `device`; its image tower is `compiled` by torch, if wanted.

        `exact` computes in float32 where half precision would be faster.
        """
        import torch

        self._torch: Any = torch
        self._device = device
        self._half = None if exact else devices.half_precision(torch, device)
        on_cpu = device == "cpu"
        # What convolutions are made for on GPUs; on one core of a CPU, MobileCLIP2-S0 ran at 9.5
        # photos/s with it and at 7.4 without.
        self._model = model.to(memory_format=torch.channels_last)
        self._images: Any = self._model.encode_image
        self.is_compiled = compiled
        if compiled:
            self._images = torch.compile(self._model.encode_image)
        self.batches = devices.Batches(
            devices.AT_ONCE_CPU if on_cpu else devices.AT_ONCE_ACCELERATOR, self._free_memory
        )
        self._mean, self._deviation = (
            torch.tensor(model.visual.preprocess_cfg[name], device=device).view(1, 3, 1, 1)
            for name in ("mean", "std")
        )

    def images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, N > 0, to (N, D) float32, L2-normalised."""
        return np.concatenate(self.batches.run(pixels, self._images_of))

    def texts(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(N, context) int64, N > 0, to (N, D) float32, L2-normalised."""
        return np.concatenate(self.batches.run(ids, self._texts_of))

    def patches(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, E, E, 3) uint8 RGB, N > 0, to (N, rows, columns, D) float32, L2-normalised.

        Raises ModelError where the tower has no patches.
        """
        return np.concatenate(self.batches.run(pixels, self._patches_of))

    def close(self) -> None:
        """Frees the memory, also that on the accelerator; no call may follow."""
        del self._model, self._images
        self._free_memory()

    def _images_of(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not self.is_compiled:
            return self._run(self._images, self._scaled(batch))
        # Each size would be compiled anew, which takes a minute: all are filled up to one.
        fill = [(0, max(0, self.batches.size - len(batch))), (0, 0), (0, 0), (0, 0)]
        try:
            return self._run(self._images, self._scaled(np.pad(batch, fill)))[: len(batch)]
        except Exception as error:  # torch.compile's errors share no other class
            if devices.is_out_of_memory(error):
                raise
            logger.warning("torch.compile failed (%s); going on without it", error)
            self.is_compiled = False
            self._images = self._model.encode_image
        return self._run(self._images, self._scaled(batch))

    def _texts_of(self, batch: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._run(self._model.encode_text, self._on_device(batch))

    def _patches_of(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        def features(pictures: Any) -> Any:
            return patch_features(self._model.visual, pictures)

        return self._run(features, self._scaled(batch))

    def _scaled(self, batch: NDArray[np.uint8]) -> Any:
        """(N, 3, E, E) as the model wants it: channels last in memory, as they come."""
        pictures = self._on_device(batch).permute(0, 3, 1, 2).float() / 255
        return (pictures - self._mean) / self._deviation

    def _on_device(self, batch: NDArray[Any]) -> Any:
        return self._torch.from_numpy(np.array(batch)).to(self._device)

    def _run(self, encode: Any, batch: Any) -> NDArray[np.float32]:
        """One batch through one tower, in half precision where that is fast and does not overflow.

        Vectors in 16 bits have the same fingerprint: they are stored in 16 bits anyway.
        """
        torch = self._torch
        kind = self._device.partition(":")[0]
        half = torch.autocast(kind, self._half) if self._half else nullcontext()
        with torch.inference_mode():
            with half:
                made = encode(batch).float()
            if self._half and not torch.isfinite(made).all():
                made = encode(batch).float()
            result: NDArray[np.float32] = torch.nn.functional.normalize(made, dim=-1).cpu().numpy()
        return result

    def _free_memory(self) -> None:
        if self._device.startswith("cuda"):
            self._torch.cuda.empty_cache()
        elif self._device.startswith("mps"):
            self._torch.mps.empty_cache()
