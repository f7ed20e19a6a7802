"""Hashes the bytes of files: what tells contents apart."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3

CHUNK_BYTES = 1 << 20


def content_hash(path: Path) -> bytes:
    """The BLAKE3 hash of a file, 32 bytes. Raises OSError."""
    digest = blake3()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.digest()
