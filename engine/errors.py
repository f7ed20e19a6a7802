"""The errors that Keepsight raises: each says what happened, to which file, and what to do."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


class KeepsightError(Exception):
    """Something in the world is wrong, and a person can do something about it."""

    def __init__(self, title: str, message: str, path: Path | None = None) -> None:
        super().__init__(f"{title}: {message}")
        self.title = title
        self.message = message
        self.path = path


class DatabaseDamagedError(KeepsightError):
    """The library's database cannot be read; it is left untouched."""


class DatabaseTooNewError(KeepsightError):
    """The library was written by a newer Keepsight; it is left untouched."""


class LibraryBusyError(KeepsightError):
    """Another Keepsight is writing to this library."""


class FolderError(KeepsightError):
    """A folder cannot be watched."""


class ModelError(KeepsightError):
    """A model cannot be loaded or used."""


class StoppedError(ModelError):
    """A person stopped what was done with a model."""


class QueryError(KeepsightError):
    """A query cannot be answered: its picture cannot be read, or it asks for nothing."""


class CaptionsError(KeepsightError):
    """A file of captions or texts, for training or evaluation, cannot be used."""


class RecipeError(KeepsightError):
    """A training recipe, or what it asks for, cannot be used."""


def pip_command(packages: Sequence[str]) -> str:
    """What a person types to install packages beside Keepsight, wherever that is."""
    return shlex.join([sys.executable, "-m", "pip", "install", *packages])
