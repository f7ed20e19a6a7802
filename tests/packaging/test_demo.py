import subprocess
import sys
from pathlib import Path

import pytest

from engine.readers import registry
from engine.readings import Kind, PixelSpec, Reading

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("real_photos")


def make(folder: Path) -> None:
    command = [sys.executable, ROOT / "packaging" / "demo.py", folder]
    subprocess.run(command, check=True, timeout=60)


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_demo_is_made_of_photos_and_documents_that_can_be_read(tmp_path: Path) -> None:
    make(tmp_path / "demo")
    kinds = []
    for path in files_of(tmp_path / "demo"):
        reading = registry.read(path, PixelSpec(32, squash=True))
        assert isinstance(reading, Reading), (path, reading)
        kinds.append(reading.kind)
    assert kinds.count(Kind.PHOTO) >= 15
    assert kinds.count(Kind.DOCUMENT) >= 10


def test_the_demo_has_every_text_of_its_folder(tmp_path: Path) -> None:
    make(tmp_path)
    texts = {path.name for path in (ROOT / "resources" / "demo").iterdir()}
    made = {path.name for path in (tmp_path / "Documents").rglob("*.*")}
    assert {name for name in texts - made if not name.endswith(".png")} == {"README.md"}


def test_the_name_of_a_photo_does_not_tell_what_it_shows(tmp_path: Path) -> None:
    make(tmp_path)
    names = [path.name for path in (tmp_path / "Photos").rglob("*.*")]
    assert all(name.startswith("IMG_") for name in names)
    assert len(set(names)) == len(names)


def test_making_the_demo_again_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    first = files_of(tmp_path)
    changed = next(path for path in first if path.suffix == ".md")
    changed.write_bytes(b"mine")
    lost = next(path for path in first if path.suffix == ".png")
    lost.unlink()
    make(tmp_path)
    assert files_of(tmp_path) == first | {changed: b"mine"}
