"""The photos, captions, labels and texts that a recipe names, and the steps cut from them.

What a step holds follows from the seed and its number alone, so that a run can go on after a
break as if there had been none.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import CaptionsError
from engine.paths import shown
from engine.training import augment, captioned, corpora, layouts
from engine.training.layouts import CaptionedPhoto
from engine.training.recipe import Recipe, Source, Stage

CANVAS_PX = 192
"""Photos are squashed to this edge, or the stage's if larger, before a crop is cut from them."""

AHEAD = 3
"""Steps that are prepared before they are asked for: what bounds the memory."""

INDEX = "index.jsonl"
"""In an archive of photos, the file that says what is in them."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts without photos of a source: all of them, and those that are learnt from."""

    path: str
    sentences: tuple[corpora.Sentence, ...]
    kept: NDArray[np.int64]
    """Numbers of sentences."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run learns from, and what it is measured on and never learns from."""

    captioned: tuple[CaptionedPhoto, ...]
    labelled: tuple[CaptionedPhoto, ...]
    dev: tuple[CaptionedPhoto, ...]
    held_out: tuple[CaptionedPhoto, ...]
    """Labelled photos."""
    texts: tuple[Texts, ...]

    @property
    def sentences(self) -> list[corpora.Sentence]:
        """The texts that are learnt from, source by source."""
        return [source.sentences[number] for source in self.texts for number in source.kept]

    @property
    def held_out_sentences(self) -> list[corpora.Sentence]:
        """The texts that are never learnt from, source by source."""
        return [
            source.sentences[number]
            for source in self.texts
            for number in np.setdiff1d(np.arange(len(source.sentences)), source.kept)
        ]

    @property
    def labels(self) -> list[str]:
        """All labels, those held out included, in order."""
        photos = (*self.labelled, *self.held_out)
        return sorted({label for photo in photos for label in photo.labels})


@dataclass(frozen=True, slots=True)
class Step:
    """What one step learns from. Captions and texts are numbers in their tables."""

    pixels: NDArray[np.uint8]
    """(B + L, E, E, 3) RGB: the captioned photos, then the labelled ones."""
    photos: NDArray[np.int64]
    """(B,) numbers of the captioned photos."""
    labelled: NDArray[np.int64]
    """(L,) numbers of the labelled ones."""
    captions: NDArray[np.int64]
    """(B, K) captions in the first language, of each photo."""
    more: NDArray[np.int64]
    """(M,) captions in the first language, of any photo."""
    others: NDArray[np.int64]
    """(O, 2) rows of `photos`, and a caption in another language of each."""
    sentences: NDArray[np.int64]
    """(T,) texts without photos."""


class CaptionTable:
    """All captions of the captioned photos, numbered."""

    def __init__(self, photos: Sequence[CaptionedPhoto], languages: Sequence[str]) -> None:
        """Captions in other languages than `languages` are left out."""
        first, *rest = languages
        self.texts: list[str] = []
        owners: list[int] = []
        self.first: list[NDArray[np.int64]] = []
        """The captions of each photo in the first language."""
        self.others: list[NDArray[np.int64]] = []
        """Those in the other languages."""
        for owner, photo in enumerate(photos):
            in_first = self._numbered(photo.captions.get(first, ()))
            in_others = self._numbered(
                [text for language in rest for text in photo.captions.get(language, ())]
            )
            owners += [owner] * (len(in_first) + len(in_others))
            self.first.append(in_first)
            self.others.append(in_others)
        self.owners = np.array(owners, np.int64)
        self.all_first = np.concatenate(self.first) if self.first else np.zeros(0, np.int64)

    def spread(self, embedded: NDArray[Any]) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """What was made of `all_first`, for all captions, (captions, D), and photos, (photos, D).

        A photo has the mean of its captions' embeddings, normalised, and so has each of its
        captions in another language.
        """
        captions = np.zeros((len(self.texts), embedded.shape[1]), np.float16)
        captions[self.all_first] = embedded
        photos = np.zeros((len(self.first), embedded.shape[1]), np.float16)
        for photo, (own, others) in enumerate(zip(self.first, self.others, strict=True)):
            mean = captions[own].astype(np.float32).mean(0)
            photos[photo] = mean / max(float(np.linalg.norm(mean)), 1e-6)
            captions[others] = photos[photo]
        return captions, photos

    def _numbered(self, texts: Sequence[str]) -> NDArray[np.int64]:
        start = len(self.texts)
        self.texts.extend(texts)
        return np.arange(start, len(self.texts))


def load(recipe: Recipe, root: Path, unpacked: Path) -> TrainingData:
    """Reads what `recipe` names under `root`; archives are unpacked into `unpacked`.

    A photo with captions in the first language is captioned, one with labels labelled; it may be
    both. Raises CaptionsError.
    """
    trained: list[CaptionedPhoto] = []
    held_out: list[CaptionedPhoto] = []
    for source in (*recipe.captioned, *recipe.labelled):
        for number, photo in enumerate(_photos(source, root, unpacked)):
            every = source.held_out_every
            (held_out if every and number % every == every - 1 else trained).append(photo)
    first = recipe.languages[0]
    captioned = tuple(photo for photo in trained if photo.captions.get(first))
    if len(captioned) < max(stage.photos for stage in recipe.stages):
        raise CaptionsError(
            "There is too little to train on",
            f"The recipe's sources hold {len(captioned)} photos with captions in “{first}”, fewer "
            "than one step takes. Add photos, or make the steps smaller.",
        )
    return TrainingData(
        captioned=captioned,
        labelled=tuple(photo for photo in trained if photo.labels),
        dev=_dev(recipe, root, unpacked, {photo.path for photo in trained}),
        held_out=tuple(photo for photo in held_out if photo.labels),
        texts=tuple(_texts(source, root) for source in recipe.texts),
    )


def _dev(
    recipe: Recipe, root: Path, unpacked: Path, trained: Set[Path]
) -> tuple[CaptionedPhoto, ...]:
    """The photos that recall is measured on. Raises CaptionsError where that would mislead."""
    photos = tuple(_photos(recipe.dev, root, unpacked))
    path = root / recipe.dev.path
    first = recipe.languages[0]
    if not any(photo.captions.get(first) for photo in photos):
        raise CaptionsError(
            "There is nothing to measure",
            f"None of the dev photos of {shown(path)} has a caption in “{first}”.",
            path,
        )
    for photo in photos:
        if photo.path in trained:
            raise CaptionsError(
                "A dev photo is trained on",
                f"{shown(photo.path)} is measured, and may not be learnt from. Name the split of "
                "each source that has any.",
                photo.path,
            )
    return photos


def _photos(source: Source, root: Path, unpacked: Path) -> list[CaptionedPhoto]:
    path = root / source.path
    if path.suffix == ".tar":
        path = _unpack(path, unpacked) / INDEX
    return layouts.read_captions(path, source.split)


def _unpack(archive: Path, folder: Path) -> Path:
    place = folder / archive.stem
    if (place / INDEX).is_file():
        return place
    beside = place.with_name(f"{place.name}.part")
    try:
        for left_over in (place, beside):
            shutil.rmtree(left_over, ignore_errors=True)
        with tarfile.open(archive) as opened:
            opened.extractall(beside, filter="data")
        beside.replace(place)  # whole, or not at all
    except (OSError, tarfile.TarError) as error:
        raise CaptionsError(
            "The photos cannot be unpacked", f"{shown(archive)}: {error}", archive
        ) from error
    return place


def _texts(source: Source, root: Path) -> Texts:
    found = corpora.read(root / source.path)
    kept = set(corpora.split(found, source.held_out_every)[0])
    numbers = [number for number, sentence in enumerate(found) if sentence in kept]
    return Texts(source.path, tuple(found), np.array(numbers, np.int64))


class Loader:
    """Prepares a stage's steps on threads, a few ahead."""

    def __init__(self, data: TrainingData, table: CaptionTable, recipe: Recipe) -> None:
        self._data = data
        self._table = table
        self._recipe = recipe
        sizes = np.array([len(source.kept) for source in data.texts], np.int64)
        self._texts_before = np.cumsum(sizes) - sizes
        self._text_sizes = sizes

    @contextmanager
    def steps(
        self, stage: int, start: int, stop: int, threads: int = 2
    ) -> Iterator[Iterator[Step]]:
        """The steps `start` to `stop` of the stage of that number, in order."""
        with ThreadPoolExecutor(threads, "loader") as pool:
            try:
                yield self._ahead(pool, stage, range(start, stop))
            finally:
                pool.shutdown(cancel_futures=True)

    def _ahead(self, pool: ThreadPoolExecutor, stage: int, numbers: range) -> Iterator[Step]:
        pending: list[Future[Step]] = []
        for number in numbers:
            pending.append(pool.submit(self.step, stage, number))
            if len(pending) > AHEAD:
                yield pending.pop(0).result()
        for future in pending:
            yield future.result()

    def step(self, stage_number: int, number: int) -> Step:
        """The step of that number; the same whenever it is asked for."""
        recipe, data, table = self._recipe, self._data, self._table
        stage, losses = recipe.stages[stage_number], recipe.losses_of(stage_number)
        rng = np.random.default_rng((recipe.seed, stage_number, number))
        photos = self._turn(stage_number, number)
        labelled = (
            rng.integers(len(data.labelled), size=stage.labelled)
            if data.labelled
            else np.zeros(0, np.int64)
        )
        others = [
            (row, rng.choice(table.others[photo]))
            for row, photo in enumerate(photos)
            if len(table.others[photo])
        ]
        paths = [data.captioned[photo].path for photo in photos]
        paths += [data.labelled[photo].path for photo in labelled]
        return Step(
            pixels=_augmented(paths, stage, rng),
            photos=photos,
            labelled=labelled,
            captions=np.stack(
                [_some(table.first[photo], losses.captions_per_photo, rng) for photo in photos]
            ),
            more=rng.choice(table.all_first, losses.more_captions),
            others=np.array(others, np.int64).reshape(-1, 2),
            sentences=self._some_texts(stage.texts, rng),
        )

    def _some_texts(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Texts, of each source in proportion to the root of its size: a large one drowns none."""
        shares = np.sqrt(self._text_sizes)
        if not shares.sum():
            return np.zeros(0, np.int64)
        sources = rng.choice(len(shares), count, p=shares / shares.sum())
        return self._texts_before[sources] + rng.integers(self._text_sizes[sources])

    def _turn(self, stage_number: int, number: int) -> NDArray[np.int64]:
        """The photos whose turn it is: each once in an epoch, in an order of its own."""
        at_once = self._recipe.stages[stage_number].photos
        epoch, place = divmod(number, len(self._data.captioned) // at_once)
        shuffled = np.random.default_rng((self._recipe.seed, stage_number, epoch, 1)).permutation(
            len(self._data.captioned)
        )
        return shuffled[place * at_once : (place + 1) * at_once]


def _some(numbers: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[Any]:
    return rng.choice(numbers, count, replace=len(numbers) < count)


def _augmented(paths: Sequence[Path], stage: Stage, rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas = max(CANVAS_PX, stage.edge_px)
    return np.stack(
        [
            augment.augmented(
                captioned.squashed(path, canvas),
                stage.edge_px,
                smallest_crop=stage.smallest_crop,
                colour=stage.colour,
                rng=rng,
            )
            for path in paths
        ]
    )
