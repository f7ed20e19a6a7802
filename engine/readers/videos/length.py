"""Tells how long a film lasts from its header alone, without decoders: MP4 and QuickTime only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.readers import cloud

MOST_BOXES = 64
"""In one level; films of phones have half a dozen."""


def seconds(path: Path) -> float | None:
    """How long a film lasts; None where its header does not say so or cannot be read.

    By the movie header box of ISO/IEC 14496-12, 8.2.2.
    """
    with suppress(OSError):
        status = path.stat()
        cloud.require_here(status)
        with path.open("rb") as file:
            for movie, end in _boxes(file, b"moov", 0, status.st_size):
                for header, _ in _boxes(file, b"mvhd", movie, end):
                    return _duration(file, header)
    return None


def _boxes(file: BinaryIO, kind: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where what is in each box of a kind begins and ends, of those between two places."""
    for _ in range(MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        size, header_bytes = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header_bytes = int.from_bytes(head[8:]), 16
        if not header_bytes <= size <= end - start:
            return
        if head[4:8] == kind:
            yield start + header_bytes, start + size
        start += size


def _duration(file: BinaryIO, start: int) -> float | None:
    """The duration in a movie header, whose version says how wide its numbers are.

    None where it is 0 or all ones: that of a film in fragments, or not known.
    """
    file.seek(start)
    header = file.read(32)
    wide = header[:1] == b"\1"
    scale, duration = (header[20:24], header[24:32]) if wide else (header[12:16], header[16:20])
    ticks_per_s, ticks = int.from_bytes(scale), int.from_bytes(duration)
    is_known = ticks_per_s > 0 and ticks > 0 and duration.strip(b"\xff") != b""
    return ticks / ticks_per_s if is_known else None
