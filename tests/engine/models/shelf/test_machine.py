"""What this computer has, and how fast it is."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from engine.models.shelf import machine
from engine.models.shelf.choices import choice
from engine.models.shelf.machine import REFERENCE, this_machine, time_reference


def test_the_memory_is_this_computers():
    found = this_machine()
    assert found.memory_bytes == psutil.virtual_memory().total
    assert found.accelerator in ("cpu", "cuda", "mps")
    assert (found.accelerator_memory_bytes is None) == (found.accelerator != "cuda")


@pytest.mark.slow
def test_the_reference_is_timed_on_all_photos_but_for_warming_up(monkeypatch):
    import torch

    edge_px = choice(REFERENCE).edge_px
    pixels = np.zeros((machine.AT_ONCE + 2, edge_px, edge_px, 3), np.uint8)
    clock = iter([0.0, 100.0, 1.0, 1.0 + machine.AT_ONCE * 0.5, 9.0, 9.0 + 2 * 0.5])
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(clock))
    before = torch.random.get_rng_state()
    assert time_reference(pixels, "cpu") == pytest.approx(0.5)
    assert (torch.random.get_rng_state() == before).all()
