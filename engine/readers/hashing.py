"""Hashes the bytes of files: what tells contents apart."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from blake3 import blake3

from engine.readers import cloud
from engine.records import Stamp

CHUNK_BYTES = 1 << 20

# A named pipe is opened without waiting for somebody to write into it.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def content_hash(path: Path) -> tuple[bytes, Stamp] | None:
    """The BLAKE3 hash of a regular file, 32 bytes, and the stamp that it has with these bytes.

    None where the file was written meanwhile. Raises OSError, also where it would be downloaded.
    """
    cloud.require_here(path.stat())
    digest = blake3()
    with os.fdopen(os.open(path, _FLAGS), "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
        stamp = Stamp.of(os.fstat(file.fileno()))
    return (digest.digest(), stamp) if stamp == Stamp.of(before) else None
