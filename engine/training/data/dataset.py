"""The photos, captions, labels and texts that a recipe names."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import CaptionsError
from engine.paths import shown
from engine.training.data import corpora, layouts
from engine.training.data.layouts import CaptionedPhoto
from engine.training.recipe import Recipe, Source

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
