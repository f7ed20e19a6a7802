"""How far chances hold in libraries that are full of what is asked for, or have none of it.

    python -m tests.benchmarks.chances CAPTIONS.jsonl [--model FOLDER] [--subject dog]

Libraries are drawn out of the photos that the model was not trained on, and asked for by captions
and by single words, those that a photo in them fits apart from those that none does. Right is a
caption's own photo or one whose captions hold two thirds of its content words, as in
engine/training/publishing/calibration.py; for a word, a photo whose captions have it. People call
more right than that. Told of the best 50 of each query: which share is right, the Brier score and
log loss of their chances, how many are strong or maybe and which share of those is right, and how
many queries have a strong one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.hubness import OF_PICTURES, asking, searched
from engine.models.starter import StarterEncoder
from engine.records import Calibration, Medium
from engine.search.calibrate import MAYBE, STRONG, chances, scale_of
from engine.training.data.captioned import content_words
from engine.training.data.layouts import read_captions
from engine.training.publishing import figures
from engine.training.publishing.calibration import SAME_WORDS

SHOWN = 50
WORDS = 100
CAPTIONS = 1000
SIZES = (80, 500, 1000)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Q queries: (Q, D + 1) vectors, and which of all photos are right for each: (Q, N)."""

    vectors: NDArray[np.float32]
    right: NDArray[np.bool_]

    def of(self, those: NDArray[np.bool_], library: NDArray[np.int64]) -> Asked:
        """Some of them, asked for in a library of some photos."""
        return Asked(self.vectors[those], self.right[those][:, library])


def main() -> None:
    """Prints a line for each kind of library and of query."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captions", type=Path)
    parser.add_argument("--split", help="only its photos; all but those for training by default")
    parser.add_argument("--model", type=Path, help="its folder; the built-in one by default")
    parser.add_argument("--subject", default="dog", help="what some libraries are full of")
    options = parser.parse_args()
    encoder = StarterEncoder(options.model)
    photos = read_captions(options.captions, options.split)
    language, curve = encoder.card.languages[0], encoder.card.photo_calibration
    words = [content_words(" ".join(photo.captions[language])) for photo in photos]
    bank = encoder.background(Medium.TEXT)
    vectors = searched(figures.encode_photos(encoder, [photo.path for photo in photos]), bank)
    unrelated = searched(encoder.background(Medium.PICTURE), bank)
    common = [word for word, _ in Counter(w for held in words for w in held).most_common(WORDS)]
    rng = np.random.default_rng(0)
    captions = figures.captions(photos, language)
    captions = [captions[number] for number in rng.permutation(len(captions))[:CAPTIONS]]
    asked = {
        "captions": Asked(
            _asking(encoder, [caption for caption, _ in captions]),
            np.array([_fitting(caption, owner, words) for caption, owner in captions]),
        ),
        "words": Asked(
            _asking(encoder, common),
            np.array([[word in held for held in words] for word in common]),
        ),
    }
    has = np.array([options.subject in held for held in words])
    having, lacking = (rng.permutation(np.flatnonzero(which)) for which in (has, ~has))
    libraries = {f"{size} at random": rng.permutation(len(photos))[:size] for size in SIZES}
    libraries[f"only “{options.subject}”"] = having
    libraries[f"half “{options.subject}”"] = np.concatenate([having[:40], lacking[:40]])
    libraries[f"no “{options.subject}”"] = lacking
    for name, library in libraries.items():
        for kind, queries in asked.items():
            found = queries.right[:, library].any(1)
            for some, those in (("with right ones", found), ("with none", ~found)):
                if those.any():
                    figure = _figures(
                        curve, unrelated, queries.of(those, library), vectors[library]
                    )
                    print(f"{name:16} {kind:8} {some:15} {figure}")


def _asking(encoder: StarterEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
    vectors = figures.encode_texts(encoder, texts)
    return np.stack([asking(vector, OF_PICTURES) for vector in vectors])


def _fitting(caption: str, owner: int, words: Sequence[frozenset[str]]) -> list[bool]:
    wanted = content_words(caption)
    return [
        photo == owner or (bool(wanted) and len(wanted & held) >= SAME_WORDS * len(wanted))
        for photo, held in enumerate(words)
    ]


def _figures(
    curve: Calibration,
    unrelated: NDArray[np.float32],
    queries: Asked,
    segments: NDArray[np.float32],
) -> str:
    shown, right = [], []
    for vector, fits in zip(queries.vectors, queries.right, strict=True):
        scale = scale_of(vector, unrelated, segments, curve.null)
        cosines = segments @ vector
        best = np.argsort(-cosines)[:SHOWN]
        shown.append(chances((cosines[best] - scale.centre) / scale.deviation, curve))
        right.append(fits[best])
    chance, fit = np.array(shown), np.array(right)
    told = np.where(fit, chance, 1 - chance)
    strong, maybe = chance >= STRONG, (chance >= MAYBE) & (chance < STRONG)
    bands = "  ".join(
        f"{name} {band.sum() / len(band):5.2f}"
        + (f", {fit[band].mean():4.0%}" if band.any() else "")
        for name, band in (("strong", strong), ("maybe", maybe))
    )
    return (
        f"right {fit.mean():6.1%}  Brier {((chance - fit) ** 2).mean():.4f}  "
        f"log loss {-np.log(told).mean():.3f}  {bands}  strong one {strong.any(1).mean():.0%}"
    )


if __name__ == "__main__":
    main()
