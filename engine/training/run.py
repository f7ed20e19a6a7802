"""A training run from a recipe to a trained model: reads, prepares, trains."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 -- trains networks, imported only to train
from numpy.typing import NDArray

from engine.errors import RecipeError
from engine.paths import shown
from engine.training import ensemble
from engine.training.data import captioned, corpora, dataset
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.data.steps import Loader
from engine.training.networks import mobilenet, vocabulary
from engine.training.networks.openclip import OpenClipTowers
from engine.training.networks.small import (
    LABEL_TEXT,
    Beginnings,
    SmallEncoder,
    class_names,
    initial_logits,
    initialise,
)
from engine.training.objective import Objective, Tables, shares
from engine.training.recipe import Recipe, of_json
from engine.training.teachers import SentenceTeacher, cached
from engine.training.trainer import CHECKPOINT, Position, Progress, Trainer

STANDARDISED_BY = 512
"""Photos whose features say how far each of them varies."""

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run reads and writes."""

    data: Path
    """What the recipe's paths are relative to."""
    folder: Path
    """The run's checkpoint, log and vocabulary."""
    cache: Path
    """What the teachers said, unpacked photos: kept between runs."""
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A model at the end of its training."""

    encoder: SmallEncoder | OpenClipTowers
    data: TrainingData
    position: Position


def reached(recipe: Recipe, folder: Path) -> Position:
    """How far the checkpoint in `folder` is, if there is one of `recipe`; else the beginning."""
    file = folder / CHECKPOINT
    if not file.is_file():
        return Position()
    with torch.serialization.safe_globals([Position]):
        saved = torch.load(file, weights_only=True, mmap=True, map_location="cpu")
    position: Position = saved["position"]
    return position if recipe.lengthens(of_json(saved["recipe"]), position.stage) else Position()


def train(recipe: Recipe, place: Place, on_progress: Progress = lambda *_: None) -> Outcome:
    """Trains the model of `recipe`, from where an interrupted run in the folder was.

    Raises KeepsightError where the recipe, its data or its initial weights cannot be used.
    """
    for folder in (place.folder, place.cache):
        folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    data = dataset.load(recipe, place.data, place.cache / "photos")
    table = CaptionTable(data.captioned, recipe.languages)
    teacher = _Teacher(recipe, place, on_progress)
    encoder: SmallEncoder | OpenClipTowers
    if recipe.towers.openclip:
        encoder = OpenClipTowers(recipe, place.data)
    else:
        encoder = SmallEncoder(
            recipe.towers,
            _tokenizer(recipe, place, table, data),
            class_names(recipe.towers, place.data),
        )
        if not (place.folder / CHECKPOINT).is_file():
            _begin(encoder, recipe, place, data, teacher)
    tables = _tables(encoder, recipe, place, (data, table), teacher, on_progress)
    encoder.to(place.device)
    objective = Objective(recipe.losses, table, tables).to(place.device)
    loader = Loader(data, table, recipe)
    trainer = Trainer(recipe, data, encoder, objective, loader, place.folder)
    return Outcome(encoder, data, trainer.run(on_progress))


class _Teacher:
    """The sentence teacher of a recipe, if it has one, loaded when it is first asked."""

    def __init__(self, recipe: Recipe, place: Place, on_progress: Progress) -> None:
        origin = recipe.towers.text
        self._folder = place.data / origin.path if origin else None
        self._dimension = recipe.towers.dimension
        self._cache = place.cache / "teacher"
        self._device = place.device
        self._on_progress = on_progress
        self._loaded: SentenceTeacher | None = None

    def __bool__(self) -> bool:
        return self._folder is not None

    @property
    def loaded(self) -> SentenceTeacher:
        if self._loaded is None:
            if self._folder is None:
                raise RecipeError(
                    "The recipe names no sentence teacher",
                    "towers.image_labels takes one: name it as towers.text.",
                )
            teacher = SentenceTeacher(self._folder, self._device)
            if teacher.dimension != self._dimension:
                raise RecipeError(
                    "The sentence teacher does not fit",
                    f"{shown(self._folder)} gives {teacher.dimension} numbers, and "
                    f"towers.dimension is {self._dimension}. Both must be the same.",
                    self._folder,
                )
            self._loaded = teacher
        return self._loaded

    def embed_few(self, texts: Sequence[str]) -> NDArray[Any]:
        """(N, D) float32, each time anew."""
        return self.loaded.embed(texts)

    def embed_pieces(self, pieces: Sequence[str]) -> NDArray[Any]:
        """(N, D) float32 of single word pieces."""
        return self.loaded.embed_pieces(pieces)

    def embed(self, texts: Sequence[str], name: str) -> NDArray[Any]:
        """(N, D) float32; kept under a name, as it takes minutes."""
        return cached(
            self.loaded,
            texts,
            self._cache / f"{name}.npz",
            lambda done, total: self._on_progress(f"Asking the teacher, {name}", done, total),
        )


def _tokenizer(recipe: Recipe, place: Place, table: CaptionTable, data: TrainingData) -> bytes:
    """The run's vocabulary: built once, then the one that it began with."""
    file = place.folder / "tokenizer.json"
    if not file.is_file():
        towers = recipe.towers
        if towers.vocabulary is None:
            raise RecipeError(
                "The recipe names no vocabulary",
                "Name a tokenizer.json, whose word pieces are taken over, as towers.vocabulary.",
            )
        unihan = place.data / towers.unihan if towers.unihan else None
        texts = [*table.texts, *(sentence.text for sentence in data.sentences)]
        file.write_bytes(
            vocabulary.build(
                (place.data / towers.vocabulary).read_bytes(),
                texts,
                vocabulary.read_glossed(_unihan(unihan, "Readings")) if unihan else (),
                variants=vocabulary.read_variants(_unihan(unihan, "Variants")) if unihan else None,
            )
        )
    return file.read_bytes()


def _unihan(folder: Path, which: str) -> Path:
    packed = folder / f"Unihan_{which}.txt.bz2"
    return packed if packed.is_file() else folder / f"Unihan_{which}.txt"


def _begin(
    encoder: SmallEncoder, recipe: Recipe, place: Place, data: TrainingData, teacher: _Teacher
) -> None:
    every = max(1, len(data.captioned) // STANDARDISED_BY)
    photos = [
        captioned.squashed(photo.path, mobilenet.EDGE_PX) for photo in data.captioned[::every]
    ]
    unihan = recipe.towers.unihan
    glosses = (
        {
            sentence.text: sentence.means or ""
            for sentence in corpora.read(_unihan(place.data / unihan, "Readings"))
        }
        if unihan
        else {}
    )
    begin = Beginnings(
        photos=np.stack(photos[:STANDARDISED_BY]),
        embed=teacher.embed_few,
        embed_pieces=teacher.embed_pieces,
        glosses=glosses,
    )
    initialise(encoder, recipe.towers, place.data, begin)


def _tables(
    encoder: SmallEncoder | OpenClipTowers,
    recipe: Recipe,
    place: Place,
    learnt: tuple[TrainingData, CaptionTable],
    teacher: _Teacher,
    on_progress: Progress,
) -> Tables:
    data, table = learnt
    labels = [LABEL_TEXT.format(label) for label in data.labels]
    sentences = data.sentences
    known = _known(recipe, place, data, on_progress) if encoder.classes else (None, None)
    classes = [LABEL_TEXT.format(name) for name in encoder.classes]
    taught = _taught_captions(table, teacher) if teacher else (None, None)
    return Tables(
        captions=tuple(encoder.ids(table.texts)),
        labels=_padded(encoder.ids(labels)) if labels else torch.zeros(0, 1, dtype=torch.long),
        label_shares=shares(data.labels, [photo.labels for photo in data.labelled]),
        classes=_padded(encoder.ids(classes)) if classes else None,
        sentences=tuple(encoder.ids([sentence.text for sentence in sentences])),
        taught_captions=taught[0],
        taught_photos=taught[1],
        taught_labels=torch.from_numpy(teacher.embed(labels, "labels"))
        if teacher and labels
        else None,
        taught_sentences=_taught_sentences(data, teacher) if teacher and sentences else None,
        known_captioned=known[0],
        known_labelled=known[1],
        views=ensemble.views(recipe.ensemble, place.data, place.cache, learnt, on_progress),
    )


def _taught_captions(table: CaptionTable, teacher: _Teacher) -> tuple[torch.Tensor, torch.Tensor]:
    """(captions, D) and (photos, D) float16."""
    embedded = teacher.embed([table.texts[number] for number in table.all_first], "captions")
    captions, photos = table.spread(embedded)
    return torch.from_numpy(captions), torch.from_numpy(photos)


def _taught_sentences(data: TrainingData, teacher: _Teacher) -> torch.Tensor:
    """(texts, D) float16."""
    parts = [
        teacher.embed(
            [sentence.means or sentence.text for sentence in source.sentences],
            source.path.replace("/", "-"),
        )[source.kept].astype(np.float16)
        for source in data.texts
    ]
    return torch.from_numpy(np.concatenate(parts))


def _known(
    recipe: Recipe, place: Place, data: TrainingData, on_progress: Progress
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the initial classifier makes of each whole photo: logits (N, classes) float16."""
    paths = [photo.path for photo in (*data.captioned, *data.labelled)]
    edge_px = mobilenet.EDGE_PX
    assert recipe.towers.image is not None
    network = (place.data / recipe.towers.image.path).read_bytes()
    asked = "\n".join([str(edge_px), *map(str, paths)]).encode()
    file = place.cache / f"classes-{hashlib.sha256(network + asked).hexdigest()[:16]}.npy"
    if not file.is_file():
        batches = (
            np.stack(
                [captioned.squashed(path, edge_px) for path in paths[start : start + _AT_ONCE]]
            )
            for start in range(0, len(paths), _AT_ONCE)
        )
        found = []
        for logits in initial_logits(recipe.towers, place.data, place.device, batches):
            found.append(logits)
            on_progress("Asking the initial classifier", len(found) * _AT_ONCE, len(paths))
        np.save(file, np.concatenate(found))
    known = torch.from_numpy(np.load(file))
    return known[: len(data.captioned)], known[len(data.captioned) :]


def _padded(ids: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(ids), batch_first=True)
