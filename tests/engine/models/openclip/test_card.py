"""What names a model's vectors: the hashes of its files."""

import hashlib
import os
from pathlib import Path

from engine.models.openclip.card import hash_file


def test_a_file_is_hashed_again_only_when_its_size_or_mtime_has_changed(tmp_path: Path) -> None:
    weights = tmp_path / "weights.bin"
    weights.write_bytes(b"first")
    as_it_was = weights.stat().st_mtime_ns
    assert hash_file(weights) == hashlib.sha256(b"first").hexdigest()
    weights.write_bytes(b"other")
    os.utime(weights, ns=(as_it_was, as_it_was))
    assert hash_file(weights) == hashlib.sha256(b"first").hexdigest(), "it was not read again"
    os.utime(weights, ns=(as_it_was, as_it_was + 1_000_000_000))
    assert hash_file(weights) == hashlib.sha256(b"other").hexdigest()
    weights.write_bytes(b"longer than that")
    os.utime(weights, ns=(as_it_was, as_it_was + 1_000_000_000))
    assert hash_file(weights) == hashlib.sha256(b"longer than that").hexdigest()
