"""Timing forms side by side, by a clock of the test's."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.compiling.speed import time_together


class Form:
    """Takes as long as it says, but for hiccups."""

    def __init__(self, now, photo_s, query_s, hiccups=()):
        self.now, self.photo_s, self.query_s = now, photo_s, query_s
        self.hiccups = list(hiccups)
        self.asked = []

    def images(self, pixels):
        self.now[0] += self.photo_s * len(pixels) + (self.hiccups.pop(0) if self.hiccups else 0)
        return pixels

    def texts(self, ids):
        assert len(ids) == 1
        self.asked.append(ids[0, 0])
        self.now[0] += self.query_s
        return ids


def test_the_median_of_rounds_counts_and_the_first_only_warms_up():
    now = [0.0]
    steady, odd = Form(now, 0.1, 0.02), Form(now, 0.05, 0.01, hiccups=[100, 0, 50, 0])
    timed = time_together(
        {"steady": steady, "odd": odd},
        np.zeros((8, 4, 4, 3), np.uint8),
        np.arange(9)[:, None],
        clock=lambda: now[0],
    )
    assert timed["steady"].photos_per_s == pytest.approx(10)
    assert timed["steady"].query_ms == pytest.approx(20)
    assert timed["odd"].photos_per_s == pytest.approx(20)
    assert timed["odd"].query_ms == pytest.approx(10)
    assert steady.asked == [0, 1, 2, 3] * 4
