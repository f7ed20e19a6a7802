"""Time to paint a frame of the grid while it scrolls through 100,000 hits, beside 100 hits.

python -m tests.benchmarks.scrolling [--hits 100000]
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from desktop import app as application
from desktop.results import sections
from desktop.results.thumbnail_cache import ThumbnailCache
from desktop.results.view import ResultsView
from engine.readings import Kind
from engine.records import ContentId, FileId, SegmentId
from engine.search_records import Band, Hit

FRAMES = 200


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hits", type=int, default=100_000)
    arguments = parser.parse_args()
    app = QApplication([])
    application.dress(app)
    few_ms = _frames_ms(100)
    many_ms = _frames_ms(arguments.hits)
    for name, frames in (("100 hits", few_ms), (f"{arguments.hits:,} hits", many_ms)):
        print(f"{name}: median {np.median(frames):.1f} ms, p99 {np.percentile(frames, 99):.1f} ms")
    print(f"ratio of medians: {np.median(many_ms) / np.median(few_ms):.2f}")


def _frames_ms(count: int) -> list[float]:
    cache = ThumbnailCache()
    view = ResultsView(cache)
    view.resize(1100, 800)
    hits = [_hit(number) for number in range(count)]
    image = QImage(256, 192, QImage.Format.Format_RGB32)
    image.fill(0x336699)
    started = time.perf_counter()
    view.show_hits(hits, sections.by_month(hits))
    print(f"{count:,} hits are laid out in {(time.perf_counter() - started) * 1e3:.1f} ms")
    view.thumbnails_wanted.connect(
        lambda wanted, edge: [cache.put(hit.content_id, edge, image) for hit in wanted]
    )
    view.show()
    bar = view.verticalScrollBar()
    frames = []
    for step in range(FRAMES):
        bar.setValue(bar.maximum() * step // FRAMES)
        view._want_thumbnails()
        started = time.perf_counter()
        view.viewport().grab()
        frames.append((time.perf_counter() - started) * 1e3)
    view.close()
    return frames


def _hit(number: int) -> Hit:
    path = Path(f"/pictures/{number // 1000}/IMG_{number}.jpg")
    return Hit(
        content_id=ContentId(number),
        segment_id=SegmentId(number),
        file_id=FileId(number),
        path=path,
        folder=path.parent,
        kind=Kind.PHOTO,
        score=1.0,
        band=Band.STRONG,
        matches=(),
        size_bytes=1000,
        modified_at=datetime(2026, 1, 1) - timedelta(hours=number),
        online=True,
    )


if __name__ == "__main__":
    main()
