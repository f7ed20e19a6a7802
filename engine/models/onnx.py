"""Runs ONNX graphs on the CPU; the only module that imports onnxruntime."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError

MOST_THREADS = 8
"""A picture's layers are too small to feed more."""

TINY_MACHINE_CPUS = 4
"""Up to here every CPU is used; beyond, half, as two of them usually share a core."""


class OnnxGraph:
    """One graph with one input and one output. Safe to call from several threads."""

    def __init__(self, graph: bytes | Path, *, name: str, threads: int) -> None:
        """Loads a graph, serialised or in a file; `name` is for error messages.

        Raises ModelError.
        """
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: it writes to the terminal by itself
        # Spinning threads win nothing (70 photos/s on two cores, 100 without) and take a core
        # from the window while they wait.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(graph) if isinstance(graph, Path) else graph,
                options,
                providers=["CPUExecutionProvider"],
            )
        except Exception as error:  # onnxruntime's errors share no other class
            raise ModelError(
                "The model cannot be loaded",
                f"{name} was not understood ({error}). Reinstall Keepsight.",
            ) from error
        given = self._session.get_inputs()[0]
        self._input: str = given.name
        self.free_axes = tuple(
            axis for axis, length in enumerate(given.shape) if not isinstance(length, int)
        )
        """The axes of the input that may be of any length."""

    def run(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """What the graph makes of one batch."""
        output: NDArray[np.float32] = self._session.run(None, {self._input: batch})[0]
        return output


def default_threads() -> int:
    """As many threads as there are cores to use, within reason."""
    affinity = getattr(os, "sched_getaffinity", None)  # what a container may use; Linux only
    cpus: int = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    if cpus <= TINY_MACHINE_CPUS:
        return cpus
    return min(max(TINY_MACHINE_CPUS, cpus // 2), MOST_THREADS)
