"""Which files and folders are not looked at: hidden ones, caches, bins and other programs' own."""

from __future__ import annotations

from pathlib import PurePath

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


def ignores(relative: PurePath) -> bool:
    """Whether a file at this path below a watched folder is left out."""
    return ignores_file(relative.name) or any(ignores_folder(part) for part in relative.parts[:-1])
