"""Loads a model when it is first asked, and frees its memory when it has long been idle."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.models.base import Encoder
from engine.records import Medium, ModelCard

logger = logging.getLogger(__name__)


class Timer(Protocol):
    """What `threading.Timer` is to this module."""

    def start(self) -> None:
        """Begins to wait."""
        ...

    def cancel(self) -> None:
        """Calls nothing any more, unless it has already."""
        ...


class IdleEncoder:
    """An encoder that is in memory only while it is used. Safe to call from several threads."""

    def __init__(
        self,
        load: Callable[[], Encoder],
        idle_s: float,
        *,
        card: ModelCard | None = None,
        clock: Callable[[], float] = time.monotonic,
        timer: Callable[[float, Callable[[], None]], Timer] | None = None,
    ) -> None:
        """`load` makes the encoder, when it is first asked, and again after `idle_s` without use.

        A known `card` is given, else it costs a load. `clock` is in seconds.
        """
        self._load = load
        self._idle_s = idle_s
        self._card = card
        self._clock = clock
        self._new_timer = timer or _daemon_timer
        self._lock = threading.RLock()
        self._encoder: Encoder | None = None
        self._users = 0
        self._last_used = clock()
        self._timer: Timer | None = None
        self._closed = False

    @property
    def card(self) -> ModelCard:
        """What the model is and wants."""
        if self._card is None:
            with self._using() as encoder:
                return encoder.card
        return self._card

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory now."""
        return self._encoder is not None

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB, fitted to `card.pixels`, to (N, D) float32, L2-normalised."""
        with self._using() as encoder:
            return encoder.encode_images(pixels)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """N texts to (N, D) float32, L2-normalised; a text of unknown words gives zeros."""
        with self._using() as encoder:
            return encoder.encode_texts(texts)

    def encode_query(self, query: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What a query is compared with texts by, and with pictures: two (D,) float32."""
        with self._using() as encoder:
            return encoder.encode_query(query)

    def encode_patches(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) uint8 RGB to (N, rows, columns, D) float32; ModelError where it cannot."""
        with self._using() as encoder:
            encode = getattr(encoder, "encode_patches", None)
            if encode is None:
                raise ModelError(
                    "This model cannot show where it saw something",
                    f"{encoder.card.title} gives one vector a picture. Search is not affected.",
                )
            vectors: NDArray[np.float32] = encode(pixels)
            return vectors

    def background(self, medium: Medium) -> NDArray[np.float32]:
        """(B, D) embeddings of unrelated photos or passages; B may be 0."""
        with self._using() as encoder:
            return encoder.background(medium)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` of which the model knows nothing, in order."""
        with self._using() as encoder:
            return encoder.unknown_words(text)

    def close(self) -> None:
        """Frees the memory, once calls that run have ended; no call may follow."""
        with self._lock:
            self._closed = True
            self._cancel_timer()
            if not self._users:
                self._unload()

    @contextmanager
    def _using(self) -> Iterator[Encoder]:
        with self._lock:
            if self._closed:
                raise ValueError("the encoder is closed")
            encoder = self._encoder or self._loaded()
            self._users += 1
        try:
            yield encoder
        finally:
            with self._lock:
                self._users -= 1
                self._last_used = self._clock()
                if self._closed and not self._users:
                    self._unload()
                elif self._timer is None and not self._closed:
                    self._wait(self._idle_s)

    def _loaded(self) -> Encoder:
        """A model whose files were exchanged meanwhile would mix its vectors with the former's."""
        encoder = self._load()
        if self._card is not None and encoder.card.fingerprint != self._card.fingerprint:
            name = encoder.card.title
            encoder.close()
            raise ModelError(
                "The model has changed",
                f"The files of {name} are no longer those that Keepsight started with. "
                "Start Keepsight again.",
            )
        self._card = encoder.card
        self._encoder = encoder
        return encoder

    def _wait(self, seconds: float) -> None:
        # One timer at a time, which looks again when it ends: a new one for each call would
        # start a thread for each.
        self._timer = self._new_timer(seconds, self._look)
        self._timer.start()

    def _look(self) -> None:
        """Frees the memory if the model was idle for long enough, else waits for the rest."""
        with self._lock:
            self._timer = None
            if self._closed or self._encoder is None:
                return
            left = self._last_used + self._idle_s - self._clock()
            if self._users:
                self._wait(self._idle_s)
            elif left > 0:
                self._wait(left)
            else:
                logger.info("Unloading the model after %.0f idle seconds", self._idle_s)
                self._unload()

    def _unload(self) -> None:
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _daemon_timer(seconds: float, call: Callable[[], None]) -> Timer:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    return timer
