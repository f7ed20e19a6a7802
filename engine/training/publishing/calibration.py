"""Fits what turns a cosine into a chance of being right, and tells how far that holds.

The three pairs that a search compares, with what counts as right:

- photo: a caption and a photo. Right: the photo it was written for, or one whose own captions
  hold two thirds of its content words (people describe 1,000 photos of Flickr alike).
- passage: a caption and other people's captions of one photo, joined. Right: as above.
- picture: a photo and a photo. Right: a crop of it, darkened and resaved, or a photo whose
  captions are alike (half of all content words in common).

A query's cosines become z by those against the background that the model ships: for photos by
their lower half, since what is right of the background lies in the upper one, else by their mean
and deviation (engine/search/calibrate.py says why). Pairs are weighted so that one in 200 is right,
about as many as by these labels, and a logistic regression is fitted to them (J. Platt,
"Probabilistic Outputs for Support Vector Machines", 1999).

Never fitted on photos that the model learnt: it knows those by heart, so right ones lie higher
there than they will in anybody's library (a median z of 4.0 instead of 2.9). Fitted on the even
photos of another split, reported on its odd ones.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import CaptionsError
from engine.hubness import OF_PICTURES, asking, searched
from engine.models.base import Encoder
from engine.readings import PixelSpec
from engine.records import Calibration, Medium, Null
from engine.training.data import captioned
from engine.training.data.captioned import content_words
from engine.training.data.layouts import CaptionedPhoto
from engine.training.publishing import figures
from engine.training.publishing.figures import Progress, Vectors

PRIOR = 1 / 200
BACKGROUND = 1024
SAME_WORDS = 2 / 3
ALIKE = 1 / 2
LEAST_PHOTOS = 8
BANDS = (("strong", 0.5, 1.01), ("maybe", 0.15, 0.5), ("weak", 0.0, 0.15))

_SMALLEST_DEVIATION = 1e-3
_ROUNDS = 50
_PRECISE = 1e-8
_RIDGE = 1e-2
_CROP = (0.5, 0.9)
_BRIGHTNESS = (0.7, 1.3)
_CROP_QUALITY = 60

Floats = NDArray[np.float64]
Background = dict[Medium, Vectors]
Bands = dict[str, dict[str, float | None]]
Words = Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and what its bands held on pairs that it was not fitted to.

    For each band: how many hits a query has in it, which share of them is right, the same where
    one pair in 200 is right, which share of queries has one, and which share of what is right.
    Without `bands` there was nothing to measure it on.
    """

    calibration: Calibration
    bands: Bands


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Q queries against N segments: z (Q, N) by a null, and whether they are right (Q, N)."""

    z: Floats
    right: NDArray[np.bool_]
    null: Null = Null.ALL

    def weights(self) -> Floats:
        """Weights under which one pair in 200 is right."""
        share = self.right.mean()
        return np.asarray(np.where(self.right, PRIOR / share, (1 - PRIOR) / (1 - share)))


def background(encoder: Encoder, photos: Sequence[CaptionedPhoto]) -> Background:
    """Embeddings of up to 1,024 photos, and of the first captions of as many others.

    Which ones follows from the photos alone, which are those that the model learnt.
    """
    language = encoder.card.languages[0]
    captioned = [photo for photo in photos if photo.captions.get(language)]
    order = np.random.default_rng(0).permutation(len(captioned))[: 2 * BACKGROUND]
    chosen = [captioned[number] for number in order]
    seen, told = chosen[::2], chosen[1::2]
    return {
        Medium.PICTURE: figures.encode_photos(encoder, [photo.path for photo in seen]),
        Medium.TEXT: figures.encode_texts(encoder, [photo.captions[language][0] for photo in told]),
    }


def calibrate(
    encoder: Encoder,
    photos: Sequence[CaptionedPhoto],
    against: Background,
    on_progress: Progress = lambda *_: None,
) -> dict[str, Fitted]:
    """Fits on every other of `photos` and reports on the others: photo, passage, picture.

    Captions are those in the model's first language; alike are photos by words in Latin letters.
    Photos with one caption tell nothing of passages: those get a curve of photos then. Raises
    CaptionsError where there are too few photos, or one cannot be read.
    """
    language = encoder.card.languages[0]
    captioned = [photo for photo in photos if photo.captions.get(language)]
    if len(captioned) < LEAST_PHOTOS:
        raise CaptionsError(
            "The model cannot be calibrated",
            f"It takes {LEAST_PHOTOS} photos with captions in “{language}” that it was not "
            f"trained on, and there are {len(captioned)}.",
        )
    fitted_on = _Side(encoder, captioned[0::2], on_progress)
    reported_on = _Side(encoder, captioned[1::2], on_progress)
    photo = _fitted(fitted_on, reported_on, lambda side: side.photo_pairs(against, Null.LOWER_HALF))
    unrelated_photos, unrelated_texts = against[Medium.PICTURE], against[Medium.TEXT]
    picture = _fitted(fitted_on, reported_on, lambda side: side.picture_pairs(unrelated_photos))
    if fitted_on.has_passages and reported_on.has_passages:
        passage = _fitted(fitted_on, reported_on, lambda side: side.passage_pairs(unrelated_texts))
    else:
        passage = Fitted(fit(fitted_on.photo_pairs(against, Null.ALL)), {})
    return {"photo": photo, "passage": passage, "picture": picture}


def fit(pairs: Pairs) -> Calibration:
    """Weighted logistic regression of `right` on `z`, by Newton's method.

    Where a higher z does not tell that a pair is right, every pair has the same small chance.
    """
    z, right, weights = pairs.z.ravel(), pairs.right.ravel(), pairs.weights().ravel()
    inputs = np.stack([z, np.ones_like(z)], 1)
    signs = np.where(right, 1.0, -1.0)

    def cost(at: Floats) -> float:
        missed = np.logaddexp(0, -signs * (inputs @ at))
        return float(weights @ missed + _RIDGE / 2 * at @ at)

    parameters: Floats = np.zeros(2)
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ parameters, -60, 60)))
        gradient = inputs.T @ (weights * (right - chance)) - _RIDGE * parameters
        curvature = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs
        step = np.linalg.solve(curvature + _RIDGE * np.eye(2), gradient)
        while cost(parameters + step) > cost(parameters) and np.abs(step).max() > _PRECISE:
            step = step / 2  # a whole step overshoots where few pairs are right
        parameters = parameters + step
        if np.abs(step).max() < _PRECISE:
            break
    slope, offset = (round(float(value), 4) for value in parameters)
    if slope <= 0:
        return Calibration(0.0, round(math.log(PRIOR / (1 - PRIOR)), 4), pairs.null)
    return Calibration(slope, offset, pairs.null)


def held(calibration: Calibration, pairs: Pairs) -> Bands:
    """What each band holds of `pairs`; None where a band is empty."""
    z, right, weights = pairs.z, pairs.right, pairs.weights()
    chance = 1 / (1 + np.exp(-np.clip(calibration.slope * z + calibration.offset, -60, 60)))
    bands: Bands = {}
    for band, low, high in BANDS:
        inside = (chance >= low) & (chance < high)
        some = inside.any()
        weighed = weights[inside]
        bands[band] = {
            "per_query": round(float(inside.sum() / len(z)), 2),
            "precision": round(float(right[inside].mean()), 3) if some else None,
            "precision_one_in_200": (
                round(float(weighed[right[inside]].sum() / weighed.sum()), 3) if some else None
            ),
            "queries_with_one": round(float(inside.any(1).mean()), 3),
            "share_of_right": round(float(right[inside].sum() / right.sum()), 3),
        }
    return bands


class _Side:
    """Half of the photos, embedded."""

    def __init__(
        self, encoder: Encoder, photos: Sequence[CaptionedPhoto], on_progress: Progress
    ) -> None:
        language = encoder.card.languages[0]
        self._encoder = encoder
        self._paths = [photo.path for photo in photos]
        self._captions = [photo.captions[language] for photo in photos]
        self._words = [content_words(" ".join(captions)) for captions in self._captions]
        self._photos = figures.encode_photos(encoder, self._paths, on_progress)

    @property
    def has_passages(self) -> bool:
        """Whether there are two photos with captions to join beside one to ask with."""
        return sum(len(captions) > 1 for captions in self._captions) > 1

    def photo_pairs(self, against: Background, null: Null) -> Pairs:
        """Every caption against every photo, as they are searched: with hubs levelled."""
        captions = [
            (caption, owner)
            for owner, captions in enumerate(self._captions)
            for caption in captions
        ]
        texts = figures.encode_texts(self._encoder, [caption for caption, _ in captions])
        queries = np.stack([asking(text, OF_PICTURES) for text in texts])
        photos, unrelated = (
            searched(vectors, against[Medium.TEXT])
            for vectors in (self._photos, against[Medium.PICTURE])
        )
        z = _standardised(queries @ photos.T, queries @ unrelated.T, null)
        return Pairs(z, self._right(captions, range(len(self._captions))), null)

    def passage_pairs(self, background: Vectors) -> Pairs:
        """Every first caption against every joined second and third one."""
        several = [owner for owner, captions in enumerate(self._captions) if len(captions) > 1]
        asked = [(self._captions[owner][0], owner) for owner in several]
        queries = figures.encode_texts(self._encoder, [caption for caption, _ in asked])
        passages = figures.encode_texts(
            self._encoder, [". ".join(self._captions[owner][1:3]) + "." for owner in several]
        )
        z = _standardised(queries @ passages.T, queries @ background.T)
        return Pairs(z, self._right(asked, several))

    def picture_pairs(self, background: Vectors) -> Pairs:
        """Every photo against a crop of every photo, and against every other photo."""
        with tempfile.TemporaryDirectory(prefix="keepsight-crops-") as folder:
            crops = figures.encode_photos(
                self._encoder, _resaved_crops(self._paths, self._encoder.card.pixels, Path(folder))
            )
        to_background = self._photos @ background.T
        same = np.eye(len(self._paths), dtype=bool)
        common = _common(self._words, self._words)
        sizes = np.array([len(words) for words in self._words])
        alike = (common > 0) & (common >= ALIKE * (sizes[:, None] + sizes - common))
        others = _standardised(self._photos @ self._photos.T, to_background)
        others[same] = others.min()  # a photo is not its own answer
        crop_z = _standardised(self._photos @ crops.T, to_background)
        return Pairs(np.hstack([crop_z, others]), np.hstack([alike | same, alike & ~same]))

    def _right(
        self, captions: Sequence[tuple[str, int]], photos: Sequence[int]
    ) -> NDArray[np.bool_]:
        """Which of `photos` fit captions, each of which was written for one: (Q, N)."""
        wanted = [content_words(caption) for caption, _ in captions]
        common = _common(wanted, [self._words[photo] for photo in photos])
        sizes = np.array([len(words) for words in wanted])[:, None]
        own = np.array([owner for _, owner in captions])[:, None] == np.array(photos)
        return np.asarray(own | ((sizes > 0) & (common >= SAME_WORDS * sizes)))


def _fitted(fitted_on: _Side, reported_on: _Side, pairs: Callable[[_Side], Pairs]) -> Fitted:
    calibration = fit(pairs(fitted_on))
    return Fitted(calibration, held(calibration, pairs(reported_on)))


def _standardised(cosines: Vectors, against_background: Vectors, null: Null = Null.ALL) -> Floats:
    """(Q, N) cosines to z, by each query's own background (Q, B), as a search takes it."""
    if null is Null.ALL:
        centre = against_background.mean(1, keepdims=True)
        deviation = against_background.std(1, keepdims=True)
    else:
        centre = np.median(against_background, 1, keepdims=True)
        below = np.minimum(against_background - centre, 0)
        deviation = np.sqrt(2 * np.mean(below**2, 1, keepdims=True))
    return np.asarray((cosines - centre) / np.maximum(deviation, _SMALLEST_DEVIATION), np.float64)


def _common(some: Words, others: Words) -> NDArray[np.float32]:
    """How many words each of `some` has in common with each of `others`: (S, O)."""
    columns = {word: at for at, word in enumerate(sorted(frozenset().union(*some, *others)))}
    one, other = (np.zeros((len(sets), len(columns)), np.float32) for sets in (some, others))
    for matrix, sets in ((one, some), (other, others)):
        for row, words in enumerate(sets):
            matrix[row, [columns[word] for word in words]] = 1
    return one @ other.T


def _resaved_crops(paths: Sequence[Path], spec: PixelSpec, folder: Path) -> list[Path]:
    """Half to nine tenths of each photo's edges, darker or brighter, as JPEGs in `folder`.

    Cut out of twice the pixels that the model sees, and the same at every run.
    """
    from PIL import Image

    rng = np.random.default_rng(0)
    large = PixelSpec(edge_px=2 * spec.edge_px, squash=spec.squash)
    files = []
    for number, path in enumerate(paths):
        edge = int(large.edge_px * rng.uniform(*_CROP))
        left, top = (int(place) for place in rng.uniform(0, large.edge_px - edge, 2))
        crop = captioned.pixels(path, large)[top : top + edge, left : left + edge]
        changed = np.clip(crop * rng.uniform(*_BRIGHTNESS), 0, 255).astype(np.uint8)
        files.append(folder / f"{number}.jpg")
        Image.fromarray(changed).save(files[-1], quality=_CROP_QUALITY)
    return files
