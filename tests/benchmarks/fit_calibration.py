"""Fits the starter's calibration on captioned photos, and tells how far it holds on others.

    python -m tests.benchmarks.fit_calibration CAPTIONS.jsonl [--write]

The three pairs that a search compares, with what counts as right:

- photo: a caption and a photo. Right: the photo it was written for, or one whose own captions
  hold two thirds of its content words (people describe 1,000 photos of Flickr alike).
- passage: a caption and two other people's captions of one photo, joined. Right: as above.
- picture: a photo and a photo. Right: a crop of it, darkened and resaved, or a photo whose
  captions are alike (half of all content words in common).

A query's cosines become z by the mean and deviation of its cosines against the background that
the model ships. Pairs are weighted so that one in 200 is right, about as many as by these
labels, and a logistic regression is fitted to them.

Not fitted on the split "train": the model has learnt those photos by heart, so right ones lie
higher there than they will in anybody's library (a median z of 4.0 instead of 2.9). Fitted on
the even photos of the other split, reported on its odd ones. The background is 256 photos and
256 captions of "train".
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from engine.evaluation.tasks import content_words
from engine.models.starter import StarterEncoder, starter_folder
from engine.records import Calibration

Array = NDArray[Any]

PRIOR = 1 / 200
BACKGROUND = 256
SAME_WORDS = 2 / 3
ALIKE = 1 / 2
BANDS = (("strong", 0.5, 1.01), ("maybe", 0.15, 0.5), ("weak", 0.0, 0.15))


@dataclass
class Pairs:
    """Queries against segments: z, whether they are right, and how much each counts."""

    z: Array
    right: Array

    def weights(self) -> Array:
        """Weights under which one pair in 200 is right."""
        share = self.right.mean()
        return np.where(self.right, PRIOR / share, (1 - PRIOR) / (1 - share))


def standardise(cosines: Array, against_background: Array) -> Array:
    """(Q, N) cosines to z, by each query's own background (Q, B)."""
    mean = against_background.mean(1, keepdims=True)
    deviation = against_background.std(1, keepdims=True)
    return np.asarray((cosines - mean) / deviation, np.float64)


def fit(pairs: Pairs) -> Calibration:
    """Weighted logistic regression of `right` on `z`, by Newton's method."""
    z, right, weights = pairs.z.ravel(), pairs.right.ravel(), pairs.weights().ravel()
    inputs = np.stack([z, np.ones_like(z)], 1)
    parameters = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-inputs @ parameters))
        gradient = inputs.T @ (weights * (right - chance))
        curvature = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs
        parameters += np.linalg.solve(curvature, gradient)
    return Calibration(slope=round(float(parameters[0]), 4), offset=round(float(parameters[1]), 4))


def report(name: str, calibration: Calibration, pairs: Pairs) -> dict[str, Any]:
    """Prints and returns what each band holds on pairs that were not fitted."""
    z, right, weights = pairs.z, pairs.right, pairs.weights()
    chance = 1 / (1 + np.exp(-(calibration.slope * z + calibration.offset)))
    first = z.argmax(1)
    rows = np.arange(len(z))
    promised, kept = chance[rows, first].mean(), right[rows, first].mean()
    strong_z, maybe_z = (
        (np.log(p / (1 - p)) - calibration.offset) / calibration.slope for p in (0.5, 0.15)
    )
    print(f"{name}: {calibration}, strong from z {strong_z:.2f}, maybe from {maybe_z:.2f}")
    print(
        f"  {right.sum(1).mean():.1f} right of {z.shape[1]}; "
        f"first is right {kept:.2f}, promised {promised:.2f}"
    )
    bands = {}
    for band, low, high in BANDS:
        inside = (chance >= low) & (chance < high)
        bands[band] = {
            "per_query": round(float(inside.sum() / len(z)), 2),
            "precision": round(float(right[inside].mean()), 3),
            "precision_one_in_200": round(
                float((weights * right)[inside].sum() / weights[inside].sum()), 3
            ),
            "queries_with_one": round(float(inside.any(1).mean()), 3),
            "share_of_right": round(float(right[inside].sum() / right.sum()), 3),
        }
        print(f"  {band:6} {bands[band]}")
    return bands


class Split:
    """Captioned photos, embedded."""

    def __init__(self, encoder: StarterEncoder, folder: Path, rows: list[dict[str, Any]]) -> None:
        self._encoder = encoder
        self._pictures = [Image.open(folder / row["file"]).convert("RGB") for row in rows]
        self.rows = rows
        self.photos = self._encode(self._pictures)
        self.words = [content_words(" ".join(row["en"])) for row in rows]

    def _encode(self, pictures: list[Image.Image]) -> Array:
        edge = (self._encoder.card.pixels.edge_px,) * 2
        return np.concatenate(
            [
                self._encoder.encode_images(
                    np.stack(
                        [np.asarray(picture.resize(edge)) for picture in pictures[at : at + 64]]
                    )
                )
                for at in range(0, len(pictures), 64)
            ]
        )

    def right_for(self, caption: str, owner: int) -> list[bool]:
        """Which photos fit a caption that was written for the photo `owner`."""
        wanted = content_words(caption)
        return [
            index == owner or (bool(wanted) and len(wanted & words) >= SAME_WORDS * len(wanted))
            for index, words in enumerate(self.words)
        ]

    def photo_pairs(self, background: Array) -> Pairs:
        """Every caption against every photo."""
        captions = [(c, owner) for owner, row in enumerate(self.rows) for c in row["en"]]
        queries = self._encoder.encode_texts([caption for caption, _ in captions])
        z = standardise(queries @ self.photos.T, queries @ background.T)
        return Pairs(z, np.array([self.right_for(*caption) for caption in captions]))

    def passage_pairs(self, background: Array) -> Pairs:
        """Every first caption against every joined second and third one."""
        queries = self._encoder.encode_texts([row["en"][0] for row in self.rows])
        passages = self._encoder.encode_texts(
            [f"{row['en'][1]}. {row['en'][2]}." for row in self.rows]
        )
        z = standardise(queries @ passages.T, queries @ background.T)
        right = [self.right_for(row["en"][0], owner) for owner, row in enumerate(self.rows)]
        return Pairs(z, np.array(right))

    def picture_pairs(self, background: Array, rng: np.random.Generator) -> Pairs:
        """Every photo against a crop of every photo, and against every other photo."""
        crops = self._encode([_resaved_crop(picture, rng) for picture in self._pictures])
        to_background = self.photos @ background.T
        same = np.eye(len(self.rows), dtype=bool)
        alike = np.array(
            [[len(a & b) >= ALIKE * len(a | b) for b in self.words] for a in self.words]
        )
        others = standardise(self.photos @ self.photos.T, to_background)
        others[same] = others.min()  # a photo is not its own answer
        crop_z = standardise(self.photos @ crops.T, to_background)
        return Pairs(np.hstack([crop_z, others]), np.hstack([alike | same, alike & ~same]))


def _resaved_crop(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Half to nine tenths of a photo's edges, darker or brighter, as a JPEG of quality 60."""
    edge = picture.width * rng.uniform(0.5, 0.9)
    left, top = rng.uniform(0, picture.width - edge, 2)
    crop = picture.crop((int(left), int(top), int(left + edge), int(top + edge)))
    stored = io.BytesIO()
    ImageEnhance.Brightness(crop).enhance(rng.uniform(0.7, 1.3)).save(stored, "JPEG", quality=60)
    return Image.open(stored)


def main() -> None:
    """Fits, reports, and with --write stores calibration and background in the model's folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captions", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    rows = [json.loads(line) for line in options.captions.read_text("utf-8").splitlines()]
    rng = np.random.default_rng(0)
    seen = [row for row in rows if row["split"] == "train"]
    unseen = [row for row in rows if row["split"] != "train"]
    chosen = [seen[index] for index in rng.permutation(len(seen))[: 2 * BACKGROUND]]
    encoder = StarterEncoder()
    folder = options.captions.parent
    photos = Split(encoder, folder, chosen[:BACKGROUND]).photos
    captions = encoder.encode_texts([row["en"][0] for row in chosen[BACKGROUND:]])
    fitted_on = Split(encoder, folder, unseen[0::2])
    reported_on = Split(encoder, folder, unseen[1::2])

    found = {}
    for name in ("photo", "passage", "picture"):
        if name == "photo":
            some, others = (split.photo_pairs(photos) for split in (fitted_on, reported_on))
        elif name == "passage":
            some, others = (split.passage_pairs(captions) for split in (fitted_on, reported_on))
        else:
            some, others = (split.picture_pairs(photos, rng) for split in (fitted_on, reported_on))
        calibration = fit(some)
        found[name] = {
            "slope": calibration.slope,
            "offset": calibration.offset,
            "held_out": report(name, calibration, others),
        }
    if options.write:
        target = starter_folder()
        np.savez(
            target / "background.npz",
            photo=photos.astype(np.float16),
            passage=captions.astype(np.float16),
        )
        card = json.loads((target / "card.json").read_text("utf-8"))
        background = (target / "background.npz").read_bytes()
        card["sha256"]["background.npz"] = hashlib.sha256(background).hexdigest()
        card["calibration"] = found
        text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        (target / "card.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
