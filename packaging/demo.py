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

# Photos get names as a camera gives them, so that they are found by what they show.
PHOTOS = {
    ("skimage", "data"): (
        "chelsea.png",  # a cat
        "coffee.png",
        "astronaut.png",
        "rocket.jpg",
        "motorcycle_left.png",
        "camera.png",  # a man with a camera
        "coins.png",
        "hubble_deep_field.jpg",  # galaxies
        "moon.png",
        "page.png",
        "text.png",  # a formula on paper
        "retina.jpg",
        "grass.png",
        "gravel.png",
        "brick.png",
        "horse.png",
        "ihc.png",  # tissue under a microscope
    ),
    ("sklearn", "datasets/images"): ("china.jpg", "flower.jpg"),  # a temple, a dahlia
}
PHOTOS_PER_FOLDER = 10
DOCUMENTS = {
    "Home": (
        "rental-contract.md",
        "letter-to-the-landlord.txt",
        "household-expenses.csv",
        "warranty-coffee-machine.txt",
        "recipe-lentil-soup.md",
        "motorcycle-log.txt",
    ),
    "Travel": ("packing-list-snow-trip.md", "travel-diary-temple.md", "旅行笔记.txt"),
    "Notes": ("meeting-notes.txt", "moon-landing.md", "wild-flowers.html"),
}


def main(folder: Path) -> int:
    """Fills `folder`; what is there already is left as it is."""
    photos: list[Path] = []
    for (package, place), names in PHOTOS.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            print(
                f"The demo needs photos from the package {package}, which is not installed. "
                "`python3 packaging/start.py --demo` installs it.",
                file=sys.stderr,
            )
            return 1
        photos += [Path(spec.origin).parent / place / name for name in names]
    for number, photo in enumerate(photos, start=1):
        media = folder / "Photos" / f"{100 + (number - 1) // PHOTOS_PER_FOLDER}MEDIA"
        _copy(photo, media / f"IMG_{number:04}{photo.suffix}")
    for place, names in DOCUMENTS.items():
        for name in names:
            _copy(TEXTS / name, folder / "Documents" / place / name)
    return 0


def _copy(source: Path, target: Path) -> None:
    """Copies a file that is not there yet; an interrupted copy is no file."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    sys.exit(main(Path(sys.argv[1])))
