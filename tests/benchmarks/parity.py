"""Recall through the whole stack beside the encoder's own exact figures, in one run.

python -m tests.benchmarks.parity CAPTIONS.jsonl [--split dev]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from engine.evaluation import CaptionedPhoto, Metrics, evaluate, read_captions
from engine.models import catalog
from engine.readers import registry
from engine.records import Reading


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split")
    arguments = parser.parse_args()
    photos = read_captions(arguments.captions, arguments.split)
    exact = _exact(photos)
    stack = evaluate(photos)
    worst = 0.0
    for direction in ("text_to_image", "image_to_text"):
        for k, value in exact[direction].recall.items():
            through = stack[direction]["en"].recall[k]
            worst = max(worst, abs(value - through))
            print(f"{direction} recall@{k}: encoder {value:.2f}, whole stack {through:.2f}")
    print(f"largest difference: {worst:.2f} points")


def _exact(photos: list[CaptionedPhoto]) -> dict[str, Metrics]:
    encoder = catalog.load("starter")
    pixels = []
    for photo in photos:
        reading = registry.read(photo.path, encoder.card.pixels)
        assert isinstance(reading, Reading)
        pixels.append(reading.pixels)
    images = encoder.encode_images(np.stack(pixels))
    captions = [(text, n) for n, photo in enumerate(photos) for text in photo.captions["en"]]
    owners = np.array([number for _, number in captions])
    texts = encoder.encode_texts([text for text, _ in captions])
    scores = texts @ images.T
    right = scores[np.arange(len(owners)), owners]
    to_image = 1 + (scores > right[:, None]).sum(axis=1)
    to_text = [1 + (scores[:, n] > scores[owners == n, n].max()).sum() for n in range(len(photos))]
    return {"text_to_image": Metrics.of(to_image), "image_to_text": Metrics.of(to_text)}


if __name__ == "__main__":
    main()
