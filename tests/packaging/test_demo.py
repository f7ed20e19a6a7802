import subprocess
import sys
from pathlib import Path

from engine.readers import registry
from engine.records import PixelSpec, Reading

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path) -> int:
    command = [sys.executable, ROOT / "packaging" / "demo.py", folder]
    return subprocess.run(command, check=False, timeout=60).returncode


def test_the_demo_is_made_of_files_that_can_be_read(tmp_path: Path, real_photos) -> None:
    assert make(tmp_path / "demo") == 0
    files = [path for path in (tmp_path / "demo").rglob("*") if path.is_file()]
    assert len(files) >= 30
    for path in files:
        assert isinstance(registry.read(path, PixelSpec(32, squash=True)), Reading), path


def test_making_the_demo_again_changes_nothing(tmp_path: Path, real_photos) -> None:
    make(tmp_path)
    changed = next(tmp_path.rglob("*.md"))
    changed.write_text("mine")
    assert make(tmp_path) == 0
    assert changed.read_text() == "mine"
