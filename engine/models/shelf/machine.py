"""Tells what this computer has for models, and how fast it is on the person's own photos."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray

from engine.models.openclip.devices import best_device
from engine.models.shelf.choices import choice

REFERENCE = "vit-b-32"
"""The model of the catalog whose image tower is timed; others are judged by their work beside it.

It is built with random weights, since speed does not depend on them, and by torch, as all that
are installed are: the built-in model is of another kind, and tells little about these.
"""

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is for models."""

    accelerator: str
    """`cuda`, `mps` or `cpu`."""
    memory_bytes: int
    accelerator_memory_bytes: int | None = None
    """None where it shares the computer's own."""
    name: str = ""


def this_machine() -> Machine:
    """This computer. Imports torch, which takes seconds."""
    import torch

    memory_bytes = psutil.virtual_memory().total
    accelerator = best_device(torch)
    if accelerator == "cuda":
        about = torch.cuda.get_device_properties(0)
        return Machine("cuda", memory_bytes, int(about.total_memory), str(about.name))
    return Machine(accelerator, memory_bytes)


def time_reference(pixels: NDArray[np.uint8], accelerator: str) -> float:
    """Seconds that REFERENCE's image tower takes for a photo, the median over `pixels`.

    `pixels` are (N, E, E, 3) uint8 of its edge length E. Takes some seconds more to build it.
    """
    from engine.models.openclip.weights import import_offline

    open_clip, torch = import_offline()
    with torch.random.fork_rng():
        tower = open_clip.create_model(choice(REFERENCE).architecture, load_weights=False).visual
    tower = tower.eval().to(accelerator)
    batches = [pixels[start : start + AT_ONCE] for start in range(0, len(pixels), AT_ONCE)]
    seconds = []
    with torch.inference_mode(), torch.autocast(accelerator, enabled=accelerator == "cuda"):
        for batch in [batches[0], *batches]:
            started = time.perf_counter()
            scaled = torch.from_numpy(np.array(batch)).to(accelerator).permute(0, 3, 1, 2) / 255
            tower(scaled).float().cpu()  # the copy waits until all is computed
            seconds.append((time.perf_counter() - started) / len(batch))
    return float(np.median(seconds[1:]))  # the first warms up
