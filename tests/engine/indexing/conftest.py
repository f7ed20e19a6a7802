"""What tests of indexing share: drives that are mounted below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int | None], None]:
    """Says that a path, and what is under it, is on another device from now on; or is not."""
    devices: dict[Path, int] = {}
    look = os.stat

    def stat(path: object, **options: bool) -> os.stat_result:
        status = look(path, **options)
        if isinstance(path, int):
            return status
        real = Path(os.path.realpath(os.fsdecode(path)))
        on = [device for point, device in devices.items() if real.is_relative_to(point)]
        if not on:
            return status
        times = {"st_mtime_ns": status.st_mtime_ns}
        return os.stat_result((*status[:2], on[-1], *status[3:]), times)

    def mounted(path: Path, device: int | None) -> None:
        if device is None:
            devices.pop(path)
        else:
            devices[path] = device

    monkeypatch.setattr(os, "stat", stat)
    return mounted
