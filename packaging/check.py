"""Runs every check and test, in order, and says which failed.

    python packaging/check.py [--fast] [pytest arguments]

`--fast` leaves out the slow tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

MOST_PROCESSES = "4"
"""Of tests: each may load torch, which takes memory."""

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Runs the checks; returns 0 when all passed."""
    fast = "--fast" in arguments
    rest = [argument for argument in arguments if argument != "--fast"]
    scripts = Path(sys.executable).parent
    checks = {
        "format": [scripts / "ruff", "format", "--check", "."],
        "lint": [scripts / "ruff", "check", "."],
        "layers": [scripts / "lint-imports"],
        "types": [scripts / "mypy"],
        "tests": [
            *(sys.executable, "-m", "pytest"),
            *("--numprocesses", "auto", "--maxprocesses", MOST_PROCESSES, "--dist", "worksteal"),
            *(["-m", "not slow"] if fast else []),
            *rest,
        ],
    }
    environment = dict(os.environ)
    environment.setdefault("OMP_NUM_THREADS", "1")  # each core has a process of tests already
    if not environment.get("DISPLAY") and sys.platform.startswith("linux"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    failed = []
    for name, command in checks.items():
        print(f"== {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"== failed: {', '.join(failed)}", flush=True)
        return 1
    print(f"== passed: {', '.join(checks)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
