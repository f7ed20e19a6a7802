"""Finds the reader for a file and reads it; every failure becomes a ReadFailure."""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from engine.paths import shown
from engine.readers import photos, seems, text
from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason, Stamp

FAMILIES = (photos.FAMILY, text.FAMILY)

_BY_EXTENSION = {extension: family for family in FAMILIES for extension in family.extensions}

Result = TypeVar("Result")


def kind_of(path: Path) -> Kind | None:
    """What a file of this name should be, or None where no reader reads such files."""
    family = _BY_EXTENSION.get(path.suffix.lower())
    return family.kind if family else None


def read(path: Path, spec: PixelSpec, stamp: Stamp | None = None) -> Reading | ReadFailure:
    """What is in a file: by its content first, by its extension where that does not tell.

    Where a `stamp` is given, what is read is what the file held when it had that stamp.
    """
    return _guarded(path, lambda: _family_of(path).read(path, spec), stamp)


def thumbnail(path: Path, edge_px: int) -> bytes | ReadFailure:
    """A photo as a JPEG of at most `edge_px` on its longer side."""
    return _guarded(path, lambda: _thumbnail(path, edge_px))


def failure_of(error: OSError | MemoryError) -> ReadFailure:
    """What an error of the operating system means for the file that was read."""
    if isinstance(error, MemoryError):
        return ReadFailure(
            SkipReason.OUT_OF_MEMORY,
            "Reading the file takes more memory than Keepsight allows for one file. "
            "Save a smaller copy to have it found.",
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ReadFailure(
            SkipReason.VANISHED,
            "The file was gone before it could be read. It is read if it comes back.",
        )
    if isinstance(error, PermissionError):
        return ReadFailure(
            SkipReason.UNREADABLE,
            "You may not read this file. Give yourself permission to read it, then retry.",
        )
    return ReadFailure(
        SkipReason.UNREADABLE,
        f"The file cannot be read ({shown(error.strerror or type(error).__name__)}). "
        "Check the drive, then retry.",
    )


def import_decoders() -> None:
    """Imports what the readers import when they first read: before a file's time runs."""
    for family in FAMILIES:
        for module in family.decoders:
            import_module(module)


def changing() -> ReadFailure:
    """That a file was written to while it was worked on."""
    return ReadFailure(SkipReason.CHANGING, "The file was being written; it will be tried again.")


def _guarded(
    path: Path, task: Callable[[], Result], stamp: Stamp | None = None
) -> Result | ReadFailure:
    """What `task` makes of a regular file that nobody writes meanwhile, or why it does not."""
    try:
        before = path.stat()
    except (OSError, ValueError) as error:
        return failure_of(error if isinstance(error, OSError) else FileNotFoundError())
    if not stat.S_ISREG(before.st_mode):
        return ReadFailure(
            SkipReason.WRONG_TYPE, "This is a folder, a pipe or a device and not a file."
        )
    stamp = stamp or Stamp.of(before)
    if Stamp.of(before) != stamp:
        return changing()
    if before.st_size == 0:
        return ReadFailure(
            SkipReason.EMPTY, "The file has no content (0 bytes). Replace it by a good copy."
        )
    outcome: Result | ReadFailure
    try:
        outcome = task()
    except NotReadableError as error:
        outcome = error.failure
    except (OSError, MemoryError) as error:
        outcome = failure_of(error)
    # A file that is being written may well look damaged: that it changed says more.
    with suppress(OSError):
        if Stamp.of(path.stat()) != stamp:
            return changing()
    return outcome


def _thumbnail(path: Path, edge_px: int) -> bytes:
    family = _family_of(path)
    if family.thumbnail is None:
        raise NotReadableError(SkipReason.UNSUPPORTED, "Only photos have thumbnails.")
    return family.thumbnail(path, edge_px)


def _family_of(path: Path) -> Family:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    recognised = next((family for family in FAMILIES if family.recognises(head)), None)
    family = recognised or _BY_EXTENSION.get(path.suffix.lower())
    if family is None:
        likely = seems.likely_type(head) or "data of an unknown kind"
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            f"Keepsight does not read {shown(path.suffix) or 'such'} files; this one seems to be "
            f"{likely}.",
        )
    return family
