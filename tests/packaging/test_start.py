import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLD = [f"python3.{minor}" for minor in (10, 9, 8, 7)]


def test_an_old_python_is_told_what_is_missing() -> None:
    for name in OLD:
        python = shutil.which(name)
        if python is None:
            continue
        done = subprocess.run(
            [python, ROOT / "packaging" / "start.py"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if "Keepsight" in done.stderr:
            assert done.returncode == 1
            assert "needs Python 3.11 or newer" in done.stderr
            return
    pytest.skip("needs a Python older than 3.11, and there is none here")
