"""Which files and folders are not looked at: hidden ones, caches, bins and other programs' own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.paths import OWN_MARK

IGNORED_FOLDERS = frozenset(
    {
        "node_modules",
        "__pycache__",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "__macosx",
        "cache",
        "caches",
        "cachestorage",
        "code cache",
        "gpucache",
        "trash",
        "venv",
        "site-packages",
    }
)
IGNORED_FILES = frozenset({"thumbs.db", "desktop.ini", "icon\r"})
PARTIAL_SUFFIXES = (".part", ".partial", ".crdownload", ".download", ".tmp", "~")


def ignores_folder(name: str) -> bool:
    """Whether a folder of this name, and all in it, is left out."""
    return name.startswith(".") or name.casefold() in IGNORED_FOLDERS


def ignores_file(name: str) -> bool:
    """Whether a file of this name is left out: hidden, AppleDouble, or still being downloaded."""
    folded = name.casefold()
    return (
        name.startswith((".", "~$")) or folded in IGNORED_FILES or folded.endswith(PARTIAL_SUFFIXES)
    )


def ignores_name(name: str) -> bool:
    """Whether nothing of this name is looked at, be it a file or a folder."""
    return ignores_file(name) or ignores_folder(name)


def is_hidden(status: os.stat_result) -> bool:
    """Whether the system hides it otherwise than by its name: AppData, or Library on a Mac."""
    return bool(
        getattr(status, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_HIDDEN
        or getattr(status, "st_flags", 0) & stat.UF_HIDDEN
    )


def leaves_out(root: Path, relative: Path) -> bool:
    """Whether `relative`, below the watched folder `root`, lies in a folder that is left out.

    Or is one where Keepsight keeps its own files.
    """
    parents = [parent for parent in relative.parents if parent != Path()]
    return any(ignores_folder(each.name) or _looks_hidden(root / each) for each in parents) or any(
        os.path.lexists(root / each / OWN_MARK) for each in (relative, *relative.parents)
    )


def leaves_out_folder(root: Path, relative: Path) -> bool:
    """Whether the folder at `relative` is left out of the watched folder `root`, with all in it."""
    return leaves_out(root, relative / "any")


def _looks_hidden(path: Path) -> bool:
    try:
        return is_hidden(path.stat())
    except OSError:
        return False
