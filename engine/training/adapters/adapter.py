"""A person's own words: a small residual on the embeddings of queries, beside a frozen model.

x' = x + up(gelu(down(x))), normalised: the residual head of CLIP-Adapter (P. Gao et al.,
"CLIP-Adapter: Better Vision-Language Models with Feature Adapters", 2021), of low rank and zero
before it is fitted, as in LoRA (E. Hu et al., 2021). Nothing of the model or of what is stored
changes, so that without its file everything is as it was.
"""

from __future__ import annotations

import io
import json
import logging
import os
import threading
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.paths import shown
from engine.records import ModelCard

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]

_DAMAGED = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, MemoryError),
    *(RuntimeError, zipfile.BadZipFile, zlib.error),
)
"""What reading a damaged .npz raises, as the byte may be that is damaged."""

_SUFFIX = ".npz"
_TEMPORARY = ".tmp"


@dataclass(frozen=True, slots=True)
class Measured:
    """What an adapter changes for photos that it was not fitted to; shares are in per cent.

    `before` and `after` have, by name: `recall@10`, `mrr` and `median_rank` of the right photos
    among those of the examples and of the library, and where some were rejected
    `liked_above_rejected`. `kept` is how many of the first ten photos for everyday words stay
    among the first ten.
    """

    queries: int
    photos: int
    before: dict[str, float]
    after: dict[str, float]
    kept: float


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A residual on queries under the model of `fingerprint`.

    `down` (D, R) and `up` (R, D) float32.
    """

    down: Floats
    up: Floats
    fingerprint: str
    measured: Measured

    def apply(self, queries: Floats) -> Floats:
        """(N, D) float32 embeddings of texts to (N, D) float32, L2-normalised; zeros stay zeros."""
        return adapted(queries, self.down, self.up)

    def save(self, file: Path) -> None:
        """Writes the adapter whole or not at all, readable by its owner only."""
        described = json.dumps({"fingerprint": self.fingerprint, "measured": asdict(self.measured)})
        content = io.BytesIO()
        np.savez(content, down=self.down, up=self.up, described=np.array(described))
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = file.with_suffix(_TEMPORARY)
        with os.fdopen(
            os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as out:
            out.write(content.getvalue())
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)

    @classmethod
    def load(cls, file: Path, card: ModelCard) -> Adapter:
        """Reads the adapter of the model of `card`.

        Raises FileNotFoundError, or ModelError where it is damaged or another model's.
        """
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
                described = json.loads(str(stored["described"]))
                down, up = _matrix(stored["down"]), _matrix(stored["up"])
            adapter = cls(down, up, described["fingerprint"], Measured(**described["measured"]))
            _check(adapter, card)
        except FileNotFoundError:
            raise
        except _DAMAGED as error:
            raise ModelError(
                "The adapter cannot be used",
                f"{shown(file)}: {error or 'it is damaged'}. Photos are found as without it. "
                "Fit it again, or remove it: keepsight train --adapter --remove.",
                file,
            ) from error
        return adapter


def adapted(queries: Floats, down: Floats, up: Floats) -> Floats:
    """(N, D) embeddings with a residual of `down` (D, R) and `up` (R, D); see `Adapter.apply`."""
    hidden = queries @ down
    # The same approximation of GELU as the fit takes (D. Hendrycks, K. Gimpel, 2016).
    hidden = 0.5 * hidden * (1 + np.tanh(0.7978845608 * (hidden + 0.044715 * hidden**3)))
    moved = queries + hidden @ up
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(lengths, 1e-12), np.float32)


class AdapterFile:
    """The adapter of one model in one library: a file, read again whenever it has changed.

    Safe to use from several threads, while other processes write or remove the file.
    """

    def __init__(self, directory: Path, card: ModelCard) -> None:
        self._file = directory / f"{card.fingerprint}{_SUFFIX}"
        self._card = card
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._adapter: Adapter | None = None
        self._problem: ModelError | None = None

    @property
    def current(self) -> Adapter | None:
        """The adapter, or None where there is none or it cannot be used."""
        with self._lock:
            self._look()
            return self._adapter

    @property
    def problem(self) -> ModelError | None:
        """Why the file that is there is not used."""
        with self._lock:
            self._look()
            return self._problem

    def adapt(self, queries: Floats) -> Floats:
        """(N, D) embeddings of texts as they are compared with photos; the same without adapter."""
        adapter = self.current
        return queries if adapter is None else adapter.apply(queries)

    def write(self, adapter: Adapter) -> None:
        """Uses `adapter` from now on. Raises ModelError where it cannot be kept."""
        try:
            adapter.save(self._file)
        except OSError as error:
            raise ModelError(
                "The adapter cannot be kept",
                f"{shown(self._file)}: {error}. Free some space, or make the folder writable.",
                self._file,
            ) from error

    def remove(self) -> bool:
        """Removes the file, and its folder when it is the last; tells whether there was one."""
        there = self._file.exists()
        for file in (self._file, self._file.with_suffix(_TEMPORARY)):
            file.unlink(missing_ok=True)
        folder = self._file.parent
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
        return there

    def _look(self) -> None:
        try:
            status = self._file.stat()
        except OSError:
            self._seen = self._adapter = self._problem = None
            return
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._seen:
            return
        self._seen, self._adapter, self._problem = stamp, None, None
        try:
            self._adapter = Adapter.load(self._file, self._card)
        except FileNotFoundError:
            self._seen = None
        except ModelError as error:
            log.warning("%s", error)
            self._problem = error


def _matrix(stored: NDArray[np.float32]) -> Floats:
    if stored.dtype != np.float32 or stored.ndim != 2 or not np.isfinite(stored).all():
        raise ValueError("its numbers are damaged")
    return stored


def _check(adapter: Adapter, card: ModelCard) -> None:
    if adapter.fingerprint != card.fingerprint:
        raise ValueError("it was fitted to another model")
    if (
        adapter.down.shape != (card.dimension, len(adapter.up))
        or adapter.down.shape != (adapter.up.shape[::-1])
    ):
        raise ValueError("its numbers do not fit the model")
