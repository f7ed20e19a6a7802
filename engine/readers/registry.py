"""Finds the reader for a file and reads it; every failure becomes a ReadFailure."""

from __future__ import annotations

import io
import pkgutil
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from blake3 import blake3

from engine.paths import shown
from engine.readers import cloud, formats, seems
from engine.readers.family import HEAD_BYTES, Family, MemberFile, NotReadableError
from engine.readers.metadata import dates
from engine.readings import (
    WHOLE,
    DateSource,
    Kind,
    Member,
    Passage,
    PixelSpec,
    ReadFailure,
    Reading,
    SkipReason,
    Spot,
)
from engine.records import Stamp

if TYPE_CHECKING:
    from PIL import Image

THUMBNAIL_QUALITY = 82
NAME_CHARS = 100
OCR_EDGE_PX = 1600
"""What a picture is drawn at to have its text read; at 2,000 no more words are right."""

FAMILIES: tuple[Family, ...] = tuple(
    import_module(f"{formats.__name__}.{module.name}").FAMILY
    for module in pkgutil.iter_modules(formats.__path__)
)
"""Every module of `engine.readers.formats` has one."""

_BY_EXTENSION = {extension: family for family in FAMILIES for extension in family.extensions}

Result = TypeVar("Result")


def kind_of(path: Path) -> Kind | None:
    """What a file of this name should be, or None where no reader reads such files."""
    family = _BY_EXTENSION.get(path.suffix.lower())
    return family.kind if family else None


def is_read(path: Path) -> bool:
    """Whether there is a reader for a file, by its name or by how it begins. Raises OSError."""
    if kind_of(path) is not None:
        return True
    cloud.require_here(path.stat())
    return _recognised(path) is not None


def versions() -> dict[str, int]:
    """The readers by name, and the version that each has."""
    return {family.name: family.version for family in FAMILIES}


def edition() -> str:
    """Names the readers of today: another where one has come, gone or improved."""
    return blake3(repr(sorted(versions().items())).encode()).hexdigest()[:16]


def read(
    path: Path, spec: PixelSpec, stamp: Stamp | None = None, member: str = ""
) -> Reading | ReadFailure:
    """What is in a file: by its content first, by its extension where that does not tell.

    Where a `stamp` is given, what is read is what the file held when it had that stamp; where a
    `member` is named, what is read is that file inside it.
    """
    return _guarded(path, lambda: _read(path, spec, member), stamp)


def thumbnail(
    path: Path, edge_px: int, spot: Spot = WHOLE, member: str = ""
) -> bytes | ReadFailure:
    """A picture of a file as a JPEG of at most `edge_px` on its longer side."""
    return _guarded(path, lambda: _thumbnail(path, edge_px, spot, member))


def unpack(path: Path, member: str) -> bytes | ReadFailure:
    """The bytes of a file inside another."""
    return _guarded(path, lambda: _unpack(path, member))


def recognise(
    path: Path, stamp: Stamp, spot: Spot = WHOLE, member: str = ""
) -> tuple[Passage, ...] | ReadFailure:
    """The text in a picture of a file that still has this `stamp`."""
    return _guarded(path, lambda: _recognise(path, spot, member), stamp)


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
    if isinstance(error, cloud.InCloudError):
        return ReadFailure(
            SkipReason.UNREADABLE,
            "The file is only in the cloud, and Keepsight downloads nothing. Have it kept on this "
            "computer (OneDrive: “Always keep on this device”, iCloud: “Download Now”), then "
            "retry, or wait: it is looked at again.",
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
        cloud.require_here(before)
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
        return _empty()
    outcome = _outcome(task)
    # A file that is being written may well look damaged: that it changed says more.
    with suppress(OSError):
        if Stamp.of(path.stat()) != stamp:
            return changing()
    return outcome


def _outcome(task: Callable[[], Result]) -> Result | ReadFailure:
    try:
        return task()
    except NotReadableError as error:
        return error.failure
    except (OSError, MemoryError) as error:
        return failure_of(error)


def _read(path: Path, spec: PixelSpec, member: str) -> Reading:
    if member:
        with _unpacked(path, member) as inside:
            return _read_by(_family_of(inside), inside, spec)
    family = _family_of(path)
    reading = _read_by(family, path, spec)
    if family.members is None:
        return reading
    members = tuple(_member(file, spec) for file in _named_apart(family.members(path)))
    return replace(reading, members=members)


def _thumbnail(path: Path, edge_px: int, spot: Spot, member: str) -> bytes:
    picture = _picture(path, edge_px, spot, member)
    picture.thumbnail((edge_px, edge_px))
    jpeg = io.BytesIO()
    picture.save(jpeg, "JPEG", quality=THUMBNAIL_QUALITY, icc_profile=None, exif=b"")
    return jpeg.getvalue()


def _recognise(path: Path, spot: Spot, member: str) -> tuple[Passage, ...]:
    from engine.readers.recognition import ocr

    return ocr.recognise(_picture(path, OCR_EDGE_PX, spot, member))


def _picture(path: Path, edge_px: int, spot: Spot, member: str) -> Image.Image:
    if member:
        with _unpacked(path, member) as inside:
            return _picture(inside, edge_px, spot, "")
    family = _family_of(path)
    if family.picture is None:
        raise NotReadableError(SkipReason.UNSUPPORTED, "There is no picture of such files.")
    return family.picture(path, spot, edge_px)


def _member(file: MemberFile, spec: PixelSpec) -> Member:
    """What is in a file inside another; files inside that one are left alone."""
    if isinstance(file.data, ReadFailure):
        return Member(file.name, b"", 0, file.modified_at, file.data)
    digest = blake3(file.data).digest()
    outcome: Reading | ReadFailure = _empty()
    if file.data:
        with _written(file.name, file.data) as path:
            outcome = _outcome(lambda: _read_by(_family_of(path), path, spec))
    return Member(file.name, digest, len(file.data), file.modified_at, outcome)


def _read_by(family: Family, path: Path, spec: PixelSpec) -> Reading:
    reading = family.read(path, spec)
    details = reading.details
    if details.taken_at is None and (named_at := dates.named(path)):
        details = replace(details, taken_at=named_at, taken_from=DateSource.NAME)
    return replace(reading, details=details, reader=family.name, reader_version=family.version)


@contextmanager
def _unpacked(path: Path, member: str) -> Iterator[Path]:
    """The file inside another, for as long as it is looked at."""
    with _written(member, _unpack(path, member)) as inside:
        yield inside


def _unpack(path: Path, member: str) -> bytes:
    members = _family_of(path).members
    found = _named_apart(members(path)) if members is not None else iter(())
    file = next((file for file in found if file.name == member), None)
    if file is None:
        raise NotReadableError(SkipReason.VANISHED, f"{shown(member)} is not in it any more.")
    if isinstance(file.data, ReadFailure):
        raise NotReadableError(file.data.reason, file.data.detail)
    return file.data


@contextmanager
def _written(name: str, data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keepsight-") as folder:
        # Its own name, as far as any system takes it: names may tell dates and formats.
        own = re.sub(r"[^A-Za-z0-9._ -]", "_", PurePosixPath(name).name)[-NAME_CHARS:]
        path = Path(folder, f"_{own}" if own.startswith(".") else own or "member")
        path.write_bytes(data)
        yield path


def _named_apart(files: Iterator[MemberFile]) -> Iterator[MemberFile]:
    """The files, no two of one name: an archive may hold several."""
    seen: dict[str, int] = {}
    for file in files:
        seen[file.name] = count = seen.get(file.name, 0) + 1
        yield file if count == 1 else replace(file, name=f"{file.name} ({count})")


def _family_of(path: Path) -> Family:
    family = _recognised(path) or _BY_EXTENSION.get(path.suffix.lower())
    if family is None:
        with path.open("rb") as file:
            likely = seems.likely_type(file.read(HEAD_BYTES)) or "data of an unknown kind"
        raise NotReadableError(
            SkipReason.UNSUPPORTED,
            f"Keepsight does not read {shown(path.suffix) or 'such'} files; this one seems to be "
            f"{likely}.",
        )
    return family


def _recognised(path: Path) -> Family | None:
    """The family that the bytes of a file name, if one does."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    fitting = (family for family in FAMILIES if family.recognises(head))
    return next((each for each in fitting if each.probe is None or each.probe(path)), None)


def _empty() -> ReadFailure:
    return ReadFailure(
        SkipReason.EMPTY, "The file has no content (0 bytes). Replace it by a good copy."
    )
