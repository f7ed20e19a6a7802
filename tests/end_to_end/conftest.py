"""Runs the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
Keepsight = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def keepsight(tmp_path: Path) -> Keepsight:
    """`keepsight("search", "cat")` runs that command on a home of the test's own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "desktop", "--home", str(tmp_path / "home")]
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


@pytest.fixture
def answer(keepsight: Keepsight) -> Callable[..., Any]:
    """The JSON that a command prints."""

    def run(*arguments: object) -> Any:
        done = keepsight(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
