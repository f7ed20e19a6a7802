import os
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

START = Path(__file__).resolve().parents[2] / "packaging" / "start.py"
OLD = ("3.10", "3.9", "3.8", "3.7", "3.6")


def old_pythons() -> list[str]:
    """Pythons that are too old, on the PATH or where pyenv puts them."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [which(f"python{version}") for version in OLD]
    for version in OLD:
        found += sorted(map(str, versions.glob(f"{version}.*/bin/python{version}")))
    return [python for python in found if python and start(python, "--help").returncode == 1]


def start(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Without the environment: pyenv's stand-ins and those of tests would mislead an old Python.
    return subprocess.run(
        [python, START, *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_old_pythons_are_told_what_is_missing() -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("needs a Python older than 3.11, and there is none here")
    for python in pythons:
        done = start(python, "--demo")
        assert done.returncode == 1
        assert "needs Python 3.11 or newer; this is 3." in done.stderr
        assert "Traceback" not in done.stderr


def test_help_sets_nothing_up() -> None:
    done = start(sys.executable, "--help")
    assert done.returncode == 0
    assert "packaging/start.py --demo" in done.stdout
    assert not done.stderr
