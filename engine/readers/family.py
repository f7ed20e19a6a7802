"""What a reader module declares: the files it recognises and the function that reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.records import Kind, PixelSpec, ReadFailure, Reading

HEAD_BYTES = 64
"""How much of a file's beginning `recognises` is given."""


class NotReadableError(Exception):
    """A reader got nothing out of a file, for a reason that a person should know."""

    def __init__(self, failure: ReadFailure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Family:
    """Formats that one module reads. `read` may raise NotReadableError, OSError or MemoryError."""

    name: str
    kind: Kind
    extensions: frozenset[str]
    recognises: Callable[[bytes], bool]
    read: Callable[[Path, PixelSpec], Reading]
