"""Keeps what is taken out of archives and mails within bounds, and names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from engine.readers.family import MemberFile
from engine.readings import ReadFailure, SkipReason

MOST_MEMBERS = 500
"""How many files inside one file are looked at."""
MOST_MEMBER_BYTES = 64 << 20
MOST_TOTAL_BYTES = 256 << 20
"""How much all of them together may take when they are unpacked."""
MOST_RATIO = 200
"""What unpacks to more times its packed size is taken for a bomb."""
HARMLESS_BYTES = 1 << 20
"""Up to this size the ratio says nothing: an empty page packs well too."""
NAME_CHARS = 200
BETWEEN_NAMES = " › "

_LITTER = ("thumbs.db", "desktop.ini")
_CHUNK_BYTES = 16 << 10


class Allowance:
    """What may still be taken out of one file."""

    def __init__(self) -> None:
        self._members = MOST_MEMBERS
        self._bytes = MOST_TOTAL_BYTES

    @property
    def is_spent(self) -> bool:
        """Whether no further file is looked at."""
        return self._members <= 0

    def member(
        self,
        name: str,
        size_bytes: int,
        read: Callable[[], bytes | ReadFailure],
        *,
        packed_bytes: int | None = None,
        modified_at: datetime | None = None,
    ) -> MemberFile:
        """The file inside, if it may be read; else why it may not.

        It says itself that it is of `size_bytes` and packed to `packed_bytes`.
        """
        self._members -= 1
        data = self._refusal(size_bytes, packed_bytes) or read()
        if isinstance(data, bytes):
            # What it says of its size may be wrong.
            data = self._refusal(len(data), None) or data
        if isinstance(data, bytes):
            self._bytes -= len(data)
        return MemberFile(name, data, modified_at)

    def held(self, name: str, data: bytes, modified_at: datetime | None = None) -> MemberFile:
        """The same of a file whose bytes are here already."""
        return self.member(name, len(data), lambda: data, modified_at=modified_at)

    def _refusal(self, size_bytes: int, packed_bytes: int | None) -> ReadFailure | None:
        if size_bytes > MOST_MEMBER_BYTES:
            return ReadFailure(
                SkipReason.TOO_LARGE,
                f"The file inside is larger than {MOST_MEMBER_BYTES >> 20} MiB. "
                "Take it out to have it found.",
            )
        if size_bytes > self._bytes:
            return ReadFailure(
                SkipReason.TOO_LARGE,
                f"Of one file, {MOST_TOTAL_BYTES >> 20} MiB of its contents are read at most. "
                "Take this one out to have it found.",
            )
        if packed_bytes is not None and size_bytes > max(HARMLESS_BYTES, packed_bytes * MOST_RATIO):
            return ReadFailure(
                SkipReason.TOO_LARGE,
                "The file inside unpacks to far more than it should and may be made to do harm. "
                "Take it out if you trust it.",
            )
        return None


def bounded(read: Callable[[int], bytes]) -> bytes:
    """What `read` gives, a piece at a time, and no more than just past the limit of one file."""
    data = bytearray()
    # Small pieces: packed ones grow up to some thousand times, all at once.
    while len(data) <= MOST_MEMBER_BYTES and (piece := read(_CHUNK_BYTES)):
        data += piece
    return bytes(data)


def is_litter(name: str) -> bool:
    """Whether a file inside is hidden, or one that a system leaves behind."""
    *folders, last = name.split("/")
    return "__MACOSX" in folders or last.startswith((".", "~$")) or last.lower() in _LITTER


def cleaned(name: str) -> str:
    """A name to show and to look up: `/` between folders, nothing that leads out of them."""
    parts = (_printable(part) for part in name.replace("\\", "/").split("/"))
    return "/".join(part for part in parts if part not in ("", ".", ".."))[-NAME_CHARS:]


def _printable(part: str) -> str:
    # Lone surrogates are not printable either.
    return "".join(c if c.isprintable() else " " for c in part).strip()
