"""Recall through the whole stack beside the encoder's own exact figures, in one run.

python -m tests.benchmarks.parity CAPTIONS.jsonl [--split dev]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.evaluation import encoder, stack
from engine.evaluation.tasks import Task, trials
from engine.models import catalog
from engine.training.data import layouts
from engine.training.metrics import CUTOFFS, Metrics


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split")
    arguments = parser.parse_args()
    photos = [
        replace(photo, captions={"en": photo.captions["en"]})
        for photo in layouts.read(arguments.captions, arguments.split).photos
    ]
    asked = trials(layouts.Collection(tuple(photos)), (Task.TEXT_TO_IMAGE, Task.IMAGE_TO_TEXT))
    exact = encoder.answer(catalog.load("starter"), asked)
    through = stack.answer("starter", asked)
    worst = 0.0
    for trial, *answers in zip(asked, exact, through, strict=True):
        alone, whole = (Metrics.of(of_way, resamples=1) for of_way in answers)
        for k in CUTOFFS:
            name = f"recall@{k}"
            worst = max(worst, abs(alone[name] - whole[name]))
            print(f"{trial.task} {name}: encoder {alone[name]:.2f}, whole stack {whole[name]:.2f}")
    print(f"largest difference: {worst:.2f} points")


if __name__ == "__main__":
    main()
