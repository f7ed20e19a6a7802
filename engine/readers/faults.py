"""Tells what the operating system complains of from what damaged files lead libraries into."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.paths import shown
from engine.readers import seems
from engine.readers.family import NotReadableError
from engine.readings import SkipReason


def is_of_system(error: Exception) -> bool:
    """Whether memory ran out or a drive failed: nothing that the content of a file explains."""
    if isinstance(error, OSError):
        # To seek to before the beginning is what damaged offsets ask for.
        return error.errno not in (None, errno.EINVAL)
    return isinstance(error, MemoryError)


@contextmanager
def refused(damaged: Callable[[], NotReadableError]) -> Iterator[None]:
    """Turns whatever a decoder raises on a damaged file into what `damaged` makes.

    MemoryError and errors of the operating system pass, and so does NotReadableError.
    """
    try:
        yield
    except NotReadableError:
        raise
    # Decoders raise nearly anything on damaged files.
    except Exception as error:
        if is_of_system(error):
            raise
        raise damaged() from error


def misnamed(path: Path, head: bytes) -> NotReadableError | None:
    """That a file which begins with `head` is not what its name promises, as far as that tells."""
    likely = seems.likely_type(head)
    if likely is None:
        return None
    return NotReadableError(
        SkipReason.WRONG_TYPE,
        f"The file is named {shown(path.suffix)} but seems to be {likely}. "
        "If so, give it its right extension; if not, it is damaged.",
    )


def archive() -> NotReadableError:
    """That an archive cannot be made sense of."""
    return NotReadableError(
        SkipReason.CORRUPT, "The archive is damaged or incomplete. Replace it by a good copy."
    )


def mail() -> NotReadableError:
    """That a mail cannot be made sense of."""
    return NotReadableError(
        SkipReason.CORRUPT, "The mail is damaged. Save it again and it is read again."
    )
