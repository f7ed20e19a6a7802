"""How often the part of a picture that is pointed at holds what was asked for, beside chance.

    python -m tests.benchmarks.pointing CAPTIONS.jsonl [--split dev] [--pictures N]

The pointing game (J. Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016)
on pictures of known parts: four captioned photos in one, of which a caption asks for one. A region
hits if its middle lies in that photo; a point anywhere would hit one in four. Whole photos are
asked for by their own captions too: there a region is an answer to a question that nobody asked.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.hubness import OF_PICTURES, asking, searched
from engine.models.starter import StarterEncoder
from engine.readings import Box
from engine.records import Medium
from engine.search.calibrate import scale_of
from engine.search.regions import best_region
from engine.training.data import captioned, layouts

EDGE_PX = 256


def main() -> None:
    """Prints how many regions were found and how many hit, and their cost beside one photo's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--pictures", type=int, default=100)
    arguments = parser.parse_args()
    draws = np.random.default_rng(0)
    photos = [p for p in layouts.read(arguments.captions).photos if p.split == arguments.split]
    encoder = StarterEncoder()
    found = hit = of_wholes = 0
    seconds = alone = 0.0
    for _ in range(arguments.pictures):
        four = [photos[number] for number in draws.choice(len(photos), 4, replace=False)]
        caption = str(draws.choice(four[0].captions["en"]))
        places = draws.permutation(4)
        squares = [captioned.squashed(photo.path, EDGE_PX) for photo in four]
        ordered = [squares[number] for number in np.argsort(places)]
        picture = np.vstack([np.hstack(ordered[:2]), np.hstack(ordered[2:])])
        started = time.perf_counter()
        region = _region(encoder, caption, picture)
        seconds += time.perf_counter() - started
        small = captioned.squashed(four[0].path, encoder.card.pixels.edge_px)[None]
        started = time.perf_counter()
        encoder.encode_images(small)
        alone += time.perf_counter() - started
        of_wholes += _region(encoder, caption, squares[0]) is not None
        if region is not None:
            found += 1
            across = (region.left + region.right) / 2 > 0.5
            down = (region.top + region.bottom) / 2 > 0.5
            hit += 2 * down + across == places[0]
    total = arguments.pictures
    print(f"of {total} pictures of four photos, {found} have a region; {hit} of these hit")
    print(f"{hit / max(found, 1):.0%} of regions hit, 25% by chance")
    print(f"of {total} whole photos, {of_wholes} have a region")
    print(f"a region takes {seconds / alone:.0f} times as long as encoding one photo")


def _region(encoder: StarterEncoder, words: str, pixels: np.ndarray) -> Box | None:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=90)
    bank, photos = encoder.background(Medium.TEXT), encoder.background(Medium.PICTURE)
    vector = asking(encoder.encode_query(words)[1], OF_PICTURES)
    curve = encoder.card.photo_calibration
    unrelated = searched(photos, bank)
    scale = scale_of(vector, unrelated, unrelated[:0], curve.null)
    return best_region(
        written.getvalue(),
        encoder.card.pixels,
        lambda pixels: searched(encoder.encode_images(pixels), bank) @ vector,
        scale,
        curve,
    )


if __name__ == "__main__":
    main()
