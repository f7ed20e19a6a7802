"""Tells people of an error that ended a run of the index thread."""

from __future__ import annotations

import sqlite3

from engine.errors import KeepsightError
from engine.events import Failure
from engine.paths import shown


def failure_of(error: Exception) -> Failure:
    """What to tell of an error; the index thread lives on."""
    if isinstance(error, KeepsightError):
        return Failure(error.title, error.message)
    if isinstance(error, OSError | sqlite3.Error):
        told = f"{_sentence(str(error))}. Check that the disk is not full and can be written to"
    else:
        told = f"{type(error).__name__}: {error}. This is a mistake in Keepsight: please report it"
    return Failure(
        "Indexing stopped",
        f"{shown(told)}. Then let it go on; it also does with the next change or start.",
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
