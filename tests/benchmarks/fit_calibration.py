"""Fits a model's calibration on captioned photos, and tells how far it holds on others.

    python -m tests.benchmarks.fit_calibration CAPTIONS.jsonl [--model FOLDER]

What is fitted to what is told in engine/training/publishing/calibration.py; publishing a model does
the same and writes it into the model's card. The background is that of the model.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.models.starter import StarterEncoder
from engine.records import Medium
from engine.training.data.layouts import read_captions
from engine.training.publishing.calibration import calibrate


def main() -> None:
    """Fits on every other photo of the split, and prints what holds on the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split", help="only its photos; all but those for training by default")
    parser.add_argument("--model", type=Path, help="its folder; the built-in one by default")
    options = parser.parse_args()
    encoder = StarterEncoder(options.model)
    against = {medium: encoder.background(medium) for medium in Medium}
    photos = read_captions(options.captions, options.split)
    for pair, fitted in calibrate(encoder, photos, against).items():
        print(f"{pair}: {fitted.calibration}")
        for band, held in fitted.bands.items():
            print(f"  {band:6} {held}")


if __name__ == "__main__":
    main()
