"""Makes a folder of real photos and texts to try Keepsight on.

    python packaging/demo.py FOLDER

The photos are those that scikit-image and scikit-learn carry in their packages; the texts are in
resources/demo. Run in the virtual environment that `packaging/start.py --demo` makes.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

TEXTS = Path(__file__).resolve().parent.parent / "resources" / "demo"
TEXT_SUFFIXES = {".md", ".txt", ".html", ".csv"}

# Photos get names as a camera gives them, so that they are found by what they show.
PHOTOS = {
    ("skimage", "data"): (
        "chelsea.png",
        "coffee.png",
        "astronaut.png",
        "rocket.jpg",
        "motorcycle_left.png",
        "camera.png",
        "coins.png",
        "hubble_deep_field.jpg",
        "moon.png",
        "page.png",
        "text.png",
        "retina.jpg",
        "grass.png",
        "gravel.png",
        "brick.png",
        "horse.png",
        "ihc.png",
        "clock_motion.png",
    ),
    ("sklearn", "datasets/images"): ("china.jpg", "flower.jpg"),
}


def main(folder: Path) -> int:
    """Fills `folder`; what is there already is left as it is."""
    photos = folder / "Camera"
    photos.mkdir(parents=True, exist_ok=True)
    number = 0
    for (package, place), names in PHOTOS.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            print(
                f"The demo needs the package that {package} is in: "
                "python3 packaging/start.py --demo installs it.",
                file=sys.stderr,
            )
            return 1
        for name in names:
            number += 1
            source = Path(spec.origin).parent / place / name
            _copy(source, photos / f"IMG_{1000 + number}{source.suffix}")
    texts = folder / "Notes"
    texts.mkdir(exist_ok=True)
    for text in sorted(TEXTS.iterdir()):
        if text.suffix in TEXT_SUFFIXES and text.name != "README.md":
            _copy(text, texts / text.name)
    return 0


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        shutil.copyfile(source, target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    sys.exit(main(Path(sys.argv[1])))
