"""Thousands of damaged files through the isolated readers: what became of each, counted.

    python -m tests.benchmarks.hostile SAMPLES [--files N] [--seed S]

Real files are mutated: bytes flipped, stretches overwritten, cut out, doubled or cut off. Each must
be read or skipped with a reason that a person can act on, in time; this process must neither
crash nor keep memory or open files.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from engine.indexing.stages import ahead
from engine.readers.isolation import ReaderPool
from engine.readings import PixelSpec, ReadFailure, Reading, SkipReason

SPEC = PixelSpec(edge_px=224, squash=True)
MOST_BYTES = 4 << 20
AHEAD = 16


def main() -> None:
    """Counts the outcomes and prints them by the files' extensions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    originals = [
        path
        for path in sorted(arguments.samples.rglob("*"))
        if path.is_file() and 0 < path.stat().st_size <= MOST_BYTES
    ]
    process = psutil.Process()
    outcomes: Counter[str] = Counter()
    by_extension: dict[str, Counter[str]] = {}
    pool = ReaderPool(arguments.workers)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        damaged = _damaged(originals, Path(folder), arguments.files, random.Random(arguments.seed))
        before = (process.memory_info().rss, process.num_fds())
        for path, outcome in ahead(damaged, lambda path: pool.submit_read(path, SPEC), AHEAD):
            name = "read" if isinstance(outcome, Reading) else outcome.reason.value
            assert isinstance(outcome, Reading | ReadFailure)
            assert isinstance(outcome, Reading) or outcome.detail.strip(), path
            if name in (SkipReason.CRASHED, SkipReason.TIMED_OUT, SkipReason.OUT_OF_MEMORY):
                print(f"{name}\t{path.name}\t{outcome.detail}", flush=True)
            outcomes[name] += 1
            by_extension.setdefault(path.suffix.lower(), Counter())[name] += 1
            path.unlink()
        after = (process.memory_info().rss, process.num_fds())
    pool.close()
    for extension, counted in sorted(by_extension.items()):
        print(extension or "none", dict(counted.most_common()), sep="\t")
    print(f"{sum(outcomes.values())} files, {time.perf_counter() - began:.0f} s", dict(outcomes))
    print(
        f"this process: memory {before[0] >> 20} to {after[0] >> 20} MiB, "
        f"open files {before[1]} to {after[1]}"
    )


def _damaged(
    originals: list[Path], folder: Path, count: int, chance: random.Random
) -> Iterator[Path]:
    for number in range(count):
        original = originals[number % len(originals)]
        data = mutated(original.read_bytes(), chance)
        path = folder / f"{number}-{original.stem[:40]}{original.suffix}"
        path.write_bytes(data)
        yield path


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to eight kinds of damage."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(changed))
        length = min(chance.choice((1, 2, 4, 16, 64, 512)), len(changed) - start)
        match chance.randrange(6):
            case 0:
                changed[start] ^= 1 << chance.randrange(8)
            case 1:
                changed[start : start + length] = chance.randbytes(length)
            case 2:
                changed[start : start + length] = b"\xff" * length
            case 3:
                del changed[start : start + length]
            case 4:
                changed[start:start] = changed[start : start + length]
            case 5 if chance.random() < 0.2:
                del changed[start:]
        if not changed:
            return b"\0"
    return bytes(changed)


if __name__ == "__main__":
    main()
