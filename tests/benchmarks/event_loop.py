"""The event loop's stalls while photos are indexed, in the real window, offscreen.

    python -m tests.benchmarks.event_loop PHOTOS [--photos 1000]

A timer asks to run every 5 ms; how much later it runs is a stall. The window shows the library as
it grows, answers a search every second and loads thumbnails meanwhile.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from itertools import cycle
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from desktop import app as application
from desktop.bridge import Bridge
from desktop.main_window import MainWindow
from desktop.window_state import WindowState
from engine.events import Phase
from engine.library import Library
from engine.paths import Home

TICK_MS = 5
SEARCH_EVERY_MS = 1000
WORDS = ("dog", "a red car", "children on a beach", "snow", "")


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos_folder", type=Path)
    parser.add_argument("--photos", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keepsight-bench-") as directory:
        root = Path(directory)
        folder = root / "photos"
        folder.mkdir()
        for photo in sorted(arguments.photos_folder.glob("*.jpg"))[: arguments.photos]:
            shutil.copyfile(photo, folder / photo.name)
        stalls_ms, seconds = _run(Home.at(root / "home"), folder)
    print(
        f"{arguments.photos} photos in {seconds:.1f} s with the window open, {len(stalls_ms)} ticks"
    )
    print(
        f"stalls: median {np.median(stalls_ms):.1f} ms, "
        f"p99 {np.percentile(stalls_ms, 99):.1f} ms, worst {max(stalls_ms):.1f} ms"
    )


def _run(home: Home, folder: Path) -> tuple[list[float], float]:
    app = QApplication([])
    application.dress(app)
    library = Library.open(home)
    bridge = Bridge(library)
    window = MainWindow(bridge, WindowState(home.config))
    application.begin(bridge, library, window, [folder])
    window.show()
    stalls_ms: list[float] = []
    last = time.perf_counter()
    started = last
    indexing = False

    def tick() -> None:
        nonlocal last, indexing
        now = time.perf_counter()
        if indexing:
            stalls_ms.append(max(0.0, (now - last) * 1e3 - TICK_MS))
        last = now
        phase = library.progress.phase
        indexing = indexing or phase is Phase.INDEXING
        if indexing and phase is Phase.IDLE:
            app.quit()

    ticking = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    ticking.timeout.connect(tick)
    ticking.start()
    words = cycle(WORDS)
    searching = QTimer(interval=SEARCH_EVERY_MS)
    searching.timeout.connect(lambda: window.search_bar.set_text(next(words)))
    searching.start()
    app.exec()
    seconds = time.perf_counter() - started
    window.close()
    bridge.close()
    return stalls_ms, seconds


if __name__ == "__main__":
    main()
