"""Finds the reader for a file and reads it; every failure becomes a ReadFailure."""

from __future__ import annotations

import stat
from pathlib import Path

from engine.readers import photos, text
from engine.readers.family import HEAD_BYTES, Family, NotReadableError
from engine.records import Kind, PixelSpec, ReadFailure, Reading, SkipReason

FAMILIES = (photos.FAMILY, text.FAMILY)

_BY_EXTENSION = {extension: family for family in FAMILIES for extension in family.extensions}


def kind_of(path: Path) -> Kind | None:
    """What a file of this name should be, or None where no reader reads such files."""
    family = _BY_EXTENSION.get(path.suffix.lower())
    return family.kind if family else None


def read(path: Path, spec: PixelSpec) -> Reading | ReadFailure:
    """What is in a file: by its content first, by its extension where that does not tell."""
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):
            return ReadFailure(SkipReason.WRONG_TYPE, "This is not a regular file.")
        if before.st_size == 0:
            return ReadFailure(SkipReason.EMPTY, "The file has no content (0 bytes).")
        reading = _family_of(path).read(path, spec)
        after = path.stat()
    except NotReadableError as error:
        return error.failure
    except (OSError, MemoryError) as error:
        return failure_of(error)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return ReadFailure(
            SkipReason.CHANGING, "The file was changed while it was read; it is tried again later."
        )
    return reading


def thumbnail(path: Path, edge_px: int) -> bytes | ReadFailure:
    """A photo as a JPEG of at most `edge_px` on its longer side."""
    try:
        if not path.is_file():
            return ReadFailure(SkipReason.VANISHED, "The file is not there.")
        return photos.thumbnail(path, edge_px)
    except NotReadableError as error:
        return error.failure
    except (OSError, MemoryError) as error:
        return failure_of(error)


def failure_of(error: OSError | MemoryError) -> ReadFailure:
    """What an error of the operating system means for the file that was read."""
    if isinstance(error, MemoryError):
        return ReadFailure(
            SkipReason.OUT_OF_MEMORY,
            "Reading the file takes more memory than Keepsight allows for one file.",
        )
    if isinstance(error, FileNotFoundError):
        return ReadFailure(SkipReason.VANISHED, "The file was gone before it could be read.")
    if isinstance(error, PermissionError):
        return ReadFailure(
            SkipReason.UNREADABLE,
            "You may not read this file. Give yourself permission to read it, then retry.",
        )
    return ReadFailure(
        SkipReason.UNREADABLE,
        f"The file cannot be read ({error.strerror or error}). Check the drive, then retry.",
    )


def _family_of(path: Path) -> Family:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    recognised = next((family for family in FAMILIES if family.recognises(head)), None)
    named = _BY_EXTENSION.get(path.suffix.lower())
    family = recognised or named
    if family is None:
        raise NotReadableError(
            ReadFailure(
                SkipReason.UNSUPPORTED, f"Keepsight does not read {path.suffix or 'such'} files."
            )
        )
    return family
