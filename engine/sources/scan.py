"""Finds the files of a watched folder."""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.paths import OWN_MARK
from engine.records import Drive, Folder, FoundFile, Stamp
from engine.sources import rules


@dataclass(frozen=True, slots=True)
class ClosedFolder:
    """A folder that cannot be looked into now: what is known of its files stays."""

    relative: Path
    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not looked at, or a folder with all in it, since the rules say so."""

    path: Path
    is_folder: bool


Seen = FoundFile | ClosedFolder | LeftOut | Drive


def scan(folder: Folder, below: Path = Path()) -> Iterator[Seen]:
    """Yields the files at or under `below`, a path relative to the folder's, and the drives that
    they are on, each before its files. What is left out there it tells too, but for `below` itself.

    Links are followed, but not to what has a path of its own in the watched folder, and no folder
    is entered twice: a loop ends, and a photo has the path that its owner gave it. Raises
    OSError where the watched folder itself cannot be read; a `below` that does not exist has no
    files.
    """
    if rules.leaves_out(folder.path, below) or any(
        _leads_back(folder.path, folder.path / each) for each in _steps_to(below)
    ):
        return
    try:
        status = (folder.path / below).stat()
        drives = _drives_on_the_way(folder.path, below)
    except OSError as error:
        if below == Path():
            raise
        if not (_is_gone(error) or rules.ignores_folder(below.name)):
            yield ClosedFolder(below, _detail(error))
        return
    yield from drives
    if stat.S_ISREG(status.st_mode) and not rules.ignores_file(below.name):
        yield _found(folder, below, status)
    elif stat.S_ISDIR(status.st_mode) and (
        below == Path() or not (rules.ignores_folder(below.name) or rules.is_hidden(status))
    ):
        yield from _walk(folder, below, status)


def _steps_to(path: Path) -> Iterator[Path]:
    """The folders on the way to a relative path, the outermost first, and it."""
    return reversed((path, *path.parents)[:-1])


def _leads_back(root: Path, path: Path) -> bool:
    """Whether `path` is a link to a folder that is scanned under its own name."""
    # Not their equals of Path, which raise where a mounted network drive has died.
    if not (os.path.islink(path) and os.path.isdir(path)):  # noqa: PTH112, PTH114
        return False
    target, real_root = Path(os.path.realpath(path)), Path(os.path.realpath(root))
    if not target.is_relative_to(real_root):
        return False
    relative = target.relative_to(real_root)
    return not rules.leaves_out_folder(real_root, relative)


def _drives_on_the_way(root: Path, below: Path) -> list[Drive]:
    """Those at and above `below`, the outermost first. Raises OSError."""
    device = root.stat().st_dev
    drives = []
    for relative in _steps_to(below):
        status = (root / relative).stat()
        if stat.S_ISDIR(status.st_mode) and status.st_dev != device:
            device = status.st_dev
            drives.append(Drive(relative, device, (root / relative).is_symlink()))
    return drives


def _walk(folder: Folder, below: Path, status: os.stat_result) -> Iterator[Seen]:
    entered: set[tuple[int, int]] = set()
    folders = deque([(below, (status.st_dev, status.st_ino))])
    while folders:
        relative, identity = folders.popleft()
        if identity in entered:
            continue
        entered.add(identity)
        try:
            with os.scandir(folder.path / relative) as listing:
                entries = list(listing)
        except OSError as error:
            if relative == Path():
                raise
            yield ClosedFolder(relative, _detail(error))
            continue
        if any(entry.name == OWN_MARK for entry in entries):
            yield LeftOut(folder.path / relative, is_folder=True)
            continue
        for entry in entries:
            try:
                kept = _kept(entry)
            except OSError as error:
                yield ClosedFolder(relative / entry.name, _detail(error))
                continue
            if isinstance(kept, LeftOut):
                yield kept
            elif kept is not None and stat.S_ISREG(kept.st_mode):
                yield _found(folder, relative / entry.name, kept)
            elif kept is not None and stat.S_ISDIR(kept.st_mode):
                if entry.is_symlink() and _leads_back(folder.path, Path(entry.path)):
                    continue
                child = (relative / entry.name, (kept.st_dev, kept.st_ino))
                folders.append(child) if entry.is_symlink() else folders.appendleft(child)
                if kept.st_dev != identity[0]:
                    yield Drive(relative / entry.name, kept.st_dev, entry.is_symlink())


def _kept(entry: os.DirEntry[str]) -> os.stat_result | LeftOut | None:
    """What an entry is, if it is not left out; None where there is nothing. Raises OSError."""
    try:
        status = entry.stat()
        if not stat.S_ISDIR(status.st_mode):
            ignored = rules.ignores_file(entry.name)
            return LeftOut(Path(entry.path), is_folder=False) if ignored else status
        if rules.ignores_folder(entry.name) or rules.is_hidden(status):
            return LeftOut(Path(entry.path), is_folder=True)
        # On Windows the entry itself knows of no identity.
        return os.stat(entry.path)  # noqa: PTH116
    except OSError as error:
        if _is_gone(error):
            return None
        if rules.ignores_folder(entry.name):
            return LeftOut(Path(entry.path), is_folder=True)
        raise


def _is_gone(error: OSError) -> bool:
    """Whether nothing is there: a link to nowhere or to itself counts as nothing."""
    return error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


def _detail(error: OSError) -> str:
    return error.strerror or str(error)


def _found(folder: Folder, relative: Path, status: os.stat_result) -> FoundFile:
    stamp = Stamp.of(status)
    return FoundFile(
        folder_id=folder.id,
        root=folder.path,
        relative=relative,
        size_bytes=stamp.size_bytes,
        modified_ns=stamp.modified_ns,
    )
