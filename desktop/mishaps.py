"""Puts what went wrong into words: what the world did, or what Keepsight did not expect."""

from __future__ import annotations

import logging

from engine.errors import KeepsightError

log = logging.getLogger(__name__)


def told(error: BaseException) -> tuple[str, str]:
    """A title, and what to do. What is no KeepsightError is logged, with where it came from."""
    if isinstance(error, KeepsightError):
        return error.title, error.message
    log.error("unexpected", exc_info=error)
    return (
        "Keepsight did not expect this",
        f"{type(error).__name__}: {error}. Try again. If it comes back, check that the disk is "
        "not full, and report it with these words.",
    )
