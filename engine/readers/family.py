"""What a reader module declares: the files it recognises and the functions that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason

HEAD_BYTES = 512
"""How much of a file's beginning is looked at to tell what it is."""


class NotReadableError(Exception):
    """A reader got nothing out of a file, for a reason that a person should know."""

    def __init__(self, reason: SkipReason, detail: str) -> None:
        super().__init__(detail)
        self.failure = ReadFailure(reason, detail)


@dataclass(frozen=True, slots=True)
class Family:
    """Formats that one module reads; the module imports their decoders when it first reads.

    `decoders` names the modules that it imports then. Each of `signatures` says which bytes stand
    at which offsets of such files. `read` and `thumbnail` may raise NotReadableError, OSError or
    MemoryError.
    """

    name: str
    kind: Kind
    extensions: frozenset[str]
    read: Callable[[Path, PixelSpec], Reading]
    decoders: tuple[str, ...] = ()
    signatures: tuple[Mapping[int, bytes], ...] = ()
    thumbnail: Callable[[Path, int], bytes] | None = None

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with `head` is of this family, whatever its name."""
        return any(
            all(head.startswith(magic, offset) for offset, magic in signature.items())
            for signature in self.signatures
        )
