"""Picks where torch computes, in which precision, and how much at once."""

from __future__ import annotations

import importlib.metadata
import logging
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

AT_ONCE_CPU = 8
AT_ONCE_ACCELERATOR = 64

T = TypeVar("T")


def best_device(torch: Any) -> str:
    """CUDA, else MPS, else the CPU."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def half_precision(torch: Any, device: str) -> Any:
    """The 16-bit type that `device` computes fast in: bfloat16, else float16; None on the CPU.

    bfloat16 comes first as it cannot overflow. Older GPUs only emulate it.
    """
    if device.startswith("cuda"):
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float16
    return torch.float16 if device.startswith("mps") else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that a device has no memory for what was asked of it.

    MPS and some CUDA libraries say it in words only.
    """
    import torch

    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "out of memory" in str(error).lower()
    )


class Batches:
    """Feeds items in batches as large as the memory allows.

    One that is too large for it is halved, and the smaller size is kept from then on.
    """

    def __init__(self, size: int, free_memory: Callable[[], None] = lambda: None) -> None:
        """`free_memory` gives back what a failed batch left allocated."""
        self.size = size
        self._free_memory = free_memory

    def run(
        self, items: NDArray[Any], step: Callable[[NDArray[Any]], NDArray[np.float32]]
    ) -> list[NDArray[np.float32]]:
        """What `step` makes of each batch of `items`, in order.

        An out-of-memory error is raised only where one item alone is too much.
        """
        made: list[NDArray[np.float32]] = []
        done = 0
        while done < len(items):
            batch = items[done : done + self.size]
            result = self._try(batch, step)
            if result is not None:
                made.append(result)
                done += len(batch)
        return made

    def _try(
        self, batch: NDArray[Any], step: Callable[[NDArray[Any]], NDArray[np.float32]]
    ) -> NDArray[np.float32] | None:
        """What `step` makes of `batch`, or None where the size had to be halved."""
        try:
            return step(batch)
        except RuntimeError as error:  # torch.OutOfMemoryError is one
            if len(batch) == 1 or not is_out_of_memory(error):
                raise
        # Only here: the error's traceback holds on to the tensors of the failed batch.
        self._free_memory()
        # Another thread may have halved it already.
        self.size = min(self.size, max(1, len(batch) // 2))
        logger.warning("Out of memory with %d at once; going on with %d", len(batch), self.size)
        return None


def machine() -> dict[str, str]:
    """What decides how fast a model runs on the CPU: its name, and the versions of what runs it."""
    versions = {name: _version(name) for name in ("onnxruntime", "torch")}
    return {"cpu": _cpu_name(), **versions}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:  # not Linux
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
