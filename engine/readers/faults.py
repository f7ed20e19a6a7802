"""Tells what the operating system complains of from what damaged files lead libraries into."""

from __future__ import annotations

import errno


def is_of_system(error: Exception) -> bool:
    """Whether memory ran out or a drive failed: nothing that the content of a file explains."""
    if isinstance(error, OSError):
        # To seek to before the beginning is what damaged offsets ask for.
        return error.errno not in (None, errno.EINVAL)
    return isinstance(error, MemoryError)
