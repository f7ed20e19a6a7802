"""Where things live on disk: config, data, cache and logs, or all of them under one home."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

PRIVATE_DIR_MODE = 0o700

OWN_MARK = ".keepsight-own"
"""A file in every directory of a library, which is never indexed, by whichever library."""

_MARK_TEXT = "Keepsight keeps its own files in this folder, and looks for no photos or documents.\n"


@dataclass(frozen=True, slots=True)
class Home:
    """The directories of one library."""

    config: Path
    data: Path
    cache: Path
    logs: Path

    @classmethod
    def default(cls) -> Home:
        """The places that this platform sets aside for an application."""
        dirs = platformdirs.PlatformDirs("keepsight", appauthor=False)
        return cls(
            config=dirs.user_config_path,
            data=dirs.user_data_path,
            cache=dirs.user_cache_path,
            logs=dirs.user_log_path,
        )

    @classmethod
    def at(cls, directory: Path) -> Home:
        """Everything under one directory: for tests and portable drives."""
        root = directory.expanduser().absolute()
        return cls(root / "config", root / "data", root / "cache", root / "logs")

    def create(self) -> Home:
        """Makes the directories, readable by their owner only, and marks them as Keepsight's."""
        for directory in (self.config, self.data, self.cache, self.logs):
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(PRIVATE_DIR_MODE)
            if not (directory / OWN_MARK).exists():
                (directory / OWN_MARK).write_text(_MARK_TEXT, "utf-8")
        return self

    @property
    def database(self) -> Path:
        """The SQLite file: the truth."""
        return self.data / "keepsight.db"

    @property
    def vectors(self) -> Path:
        """The directory of usearch files: a cache of the truth."""
        return self.data / "vectors"

    @property
    def adapters(self) -> Path:
        """The directory of adapters: a person's own words, a file for each model."""
        return self.data / "adapters"

    @property
    def models(self) -> Path:
        """The directory of installed models, a folder each."""
        return self.data / "models"

    @property
    def network_ledger(self) -> Path:
        """The list of all requests that ever left this computer."""
        return self.data / "network.jsonl"

    @property
    def unpacked(self) -> Path:
        """The directory of files that were taken out of others to be opened."""
        return self.cache / "unpacked"

    @property
    def thumbnails(self) -> Path:
        """The directory of thumbnails."""
        return self.cache / "thumbnails"


def shown_inside(path: Path | str, member: str) -> str:
    """A path for people, with the name of a file inside that file where there is one."""
    return shown(f"{path} › {member}" if member else path)


def shown(path: Path | str) -> str:
    """A path for people: bytes that are no text in any encoding become U+FFFD."""
    return os.fsencode(path).decode("utf-8", errors="replace")
