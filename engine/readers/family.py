"""What a reader module declares: the files it recognises and the functions that read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.readings import Kind, PixelSpec, ReadFailure, Reading, SkipReason, Spot

if TYPE_CHECKING:
    from PIL import Image

HEAD_BYTES = 512
"""How much of a file's beginning is looked at to tell what it is."""


class NotReadableError(Exception):
    """A reader got nothing out of a file, for a reason that a person should know."""

    def __init__(self, reason: SkipReason, detail: str) -> None:
        super().__init__(detail)
        self.failure = ReadFailure(reason, detail)


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A file inside another: its name there, with `/` between folders, and its bytes."""

    name: str
    data: bytes | ReadFailure
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """Formats that one module reads; the module imports their decoders when it first reads.

    `version` is raised whenever the module gets something else out of the same bytes: what it read
    before is then read again. `decoders` names the modules that it imports when it first reads.

    Each of `signatures` says which bytes stand at which offsets of such files. Where families
    share one (ZIP, OLE), `probe` looks further into a file whose signature fits.

    `picture` gives a spot of the content as an RGB picture in sRGB, upright, the longer side about
    `edge_px` and at most the original's; `members` the files inside, in order, within bounds.

    The functions may raise NotReadableError, OSError or MemoryError.
    """

    name: str
    kind: Kind
    extensions: frozenset[str]
    read: Callable[[Path, PixelSpec], Reading]
    version: int = 1
    decoders: tuple[str, ...] = ()
    signatures: tuple[Mapping[int, bytes], ...] = ()
    probe: Callable[[Path], bool] | None = None
    picture: Callable[[Path, Spot, int], Image.Image] | None = None
    members: Callable[[Path], Iterator[MemberFile]] | None = None

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with `head` may be of this family, whatever its name."""
        return any(
            all(head.startswith(magic, offset) for offset, magic in signature.items())
            for signature in self.signatures
        )
