"""Turns a trained model into the files that Keepsight loads, measured as they ship.

Both towers are exported in several precisions and measured through StarterEncoder, as a search
would run them. Nothing in the target folder changes before all of it has succeeded.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import CaptionsError, ModelError, RecipeError
from engine.models.starter import StarterEncoder
from engine.models.wordpiece import WordPieces
from engine.paths import shown
from engine.readings import PixelSpec
from engine.records import Calibration, Medium
from engine.training.data import captioned
from engine.training.metrics import Answers, differences
from engine.training.publishing import calibration, card, figures
from engine.training.publishing.calibration import Background, Fitted
from engine.training.publishing.card import Made, Tried
from engine.training.publishing.export import Exported, Traced
from engine.training.publishing.figures import TEXT_TO_IMAGE, Embedded, Progress
from engine.training.publishing.packing import Precision
from engine.training.publishing.runs import RunRecord
from engine.training.recipe import Recipe

if TYPE_CHECKING:
    from engine.training.data.dataset import TrainingData
    from engine.training.networks.towers import DualEncoder

RULE_CUTOFF = 10
RULE = f"recall@{RULE_CUTOFF}"
LEAST_COSINE = 0.999
"""A float32 graph that differs more from what was trained was exported wrongly."""
SAMPLE_PHOTOS = 4
SAMPLE_TEXTS = 32


@dataclass(frozen=True, slots=True)
class Trained:
    """A model at the end of its training, and how it came about."""

    recipe: Recipe
    encoder: DualEncoder
    tokenizer: bytes
    """The tokenizer.json that `encoder.ids` follows."""
    record: RunRecord
    runs: tuple[RunRecord, ...]
    """All runs that the card tells of, in order; where `record` is missing, it comes last."""
    command: str
    """What makes the model again, in one line."""
    limits: str | None = None
    """What the model cannot do, as Markdown."""


@dataclass(frozen=True, slots=True)
class Published:
    """A model that Keepsight can load, and what its card tells."""

    folder: Path
    size_bytes: int
    image: Exported
    text: Exported
    card: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Towers:
    """Both towers in one precision, and what they make of the dev split."""

    image: Exported
    text: Exported
    embedded: Embedded


def publish(
    trained: Trained,
    data: Path,
    folder: Path,
    loaded: TrainingData,
    precisions: Sequence[Precision] = tuple(Precision),
    on_progress: Progress = lambda *_: None,
) -> Published:
    """Writes the model into `folder`, which Keepsight's StarterEncoder loads then.

    `data` is what the recipe's paths are relative to, `loaded` what was read there. Of
    `precisions`, for each tower, the smallest pair is taken that loses at most half a point of
    recall@10 beside float32 on the dev split; given one, that one is taken. Raises KeepsightError,
    and leaves `folder` as it was, where something is wrong with the data, the model or the disk.
    """
    _check(trained.recipe, loaded, precisions)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as staged:
            work = _Work(trained, loaded, Path(staged), on_progress)
            image, text, described = work.done(data, precisions)
            _replace(work.model, folder)
    except OSError as error:
        raise ModelError(
            "The model cannot be written",
            f"{shown(folder)}: {error.strerror or error}. No model was changed.",
            folder,
        ) from error
    return Published(folder, sum(described["size_bytes"].values()), image, text, described)


class _Work:
    """What is made on the way, in a folder that goes away afterwards."""

    def __init__(
        self, trained: Trained, loaded: TrainingData, staged: Path, on_progress: Progress
    ) -> None:
        self._trained = trained
        self._recipe = trained.recipe
        self._loaded = loaded
        self._staged = staged
        self._on_progress = on_progress
        self.model = staged / "model"

    def done(
        self, data: Path, precisions: Sequence[Precision]
    ) -> tuple[Exported, Exported, dict[str, Any]]:
        """Makes the whole model in `self.model`: its towers as they ship, and its card."""
        wanted = tuple(dict.fromkeys((Precision.FLOAT32, *precisions)))
        self._on_progress("Exporting", 0, len(wanted))
        towers = {}
        for number, precision in enumerate(wanted, 1):
            towers[precision] = self._towers(precision)
            self._on_progress("Exporting", number, len(wanted))
        tried = self._tried(towers)
        chosen = choose(tried, precisions)
        image = towers[Precision(chosen.image)].image
        text = towers[Precision(chosen.text)].text
        self._draft(self.model, image.file, text.file)
        measured, fitted = self._measured()
        made = Made(
            recipe=self._recipe,
            figures=measured,
            fitted=fitted,
            chosen=chosen,
            tried=tried,
            command=self._trained.command,
            limits=self._trained.limits,
            runs=_all_runs(self._trained),
        )
        described = card.described(made, self.model, data)
        card.write(described, self.model)
        StarterEncoder(self.model).close()  # what is handed over can be loaded
        return image, text, described

    @cached_property
    def _image(self) -> Traced:
        return Traced(self._trained.encoder.image, self._sample_photos())

    @cached_property
    def _text(self) -> Traced:
        return Traced(self._trained.encoder.text, self._sample_ids())

    def _towers(self, precision: Precision) -> _Towers:
        folder = self._staged / precision
        folder.mkdir()
        image = self._image.write(folder / "image.onnx", precision)
        text = self._text.write(folder / "text.onnx", precision)
        worst = min(image.smallest_cosine, text.smallest_cosine)
        if precision is Precision.FLOAT32 and worst < LEAST_COSINE:
            raise ModelError(
                "The model cannot be exported",
                f"As an ONNX graph it computes something else (cosine {worst:.3f}).",
            )
        self._draft(folder, image.file, text.file)
        loaded = StarterEncoder(folder)
        try:
            embedded = figures.embed(loaded, self._loaded.dev, self._on_progress)
        finally:
            loaded.close()
        return _Towers(image, text, embedded)

    def _tried(self, towers: dict[Precision, _Towers]) -> list[Tried]:
        """Every pair of precisions, the smallest first."""
        exact = self._answers(towers[Precision.FLOAT32], towers[Precision.FLOAT32])
        tried = []
        for (image, seen), (text, read) in product(towers.items(), repeat=2):
            found = self._answers(seen, read)
            tried.append(
                Tried(
                    image=image.value,
                    text=text.value,
                    size_bytes=seen.image.size_bytes + read.text.size_bytes,
                    recall=100 * float((found.best_ranks <= RULE_CUTOFF).mean()),
                    difference=differences(exact, found, cutoffs=(RULE_CUTOFF,))[RULE],
                )
            )
        return sorted(tried, key=lambda pair: pair.size_bytes)

    def _answers(self, seen: _Towers, read: _Towers) -> Answers:
        """How captions in the first language find photos, by two precisions."""
        language = self._recipe.languages[0]
        pair = Embedded(seen.embedded.photos, {language: read.embedded.captions[language]})
        return figures.answers(self._loaded.dev, pair)[TEXT_TO_IMAGE][language]

    def _measured(self) -> tuple[dict[str, Any], dict[str, Fitted]]:
        """Figures and calibration of the model in `self.model`, which gets its background."""
        encoder = StarterEncoder(self.model)
        try:
            against = calibration.background(encoder, self._loaded.captioned)
            _store(against, self.model)
            measured = figures.of_card(encoder, self._recipe, self._loaded, self._on_progress)
            fitted = calibration.calibrate(encoder, self._loaded.dev, against, self._on_progress)
        finally:
            encoder.close()
        return measured, fitted

    def _draft(self, folder: Path, image: Path, text: Path) -> None:
        """A model in `folder` that can be loaded, not calibrated yet."""
        folder.mkdir(exist_ok=True)
        for file, name in ((image, "image.onnx"), (text, "text.onnx")):
            if file != folder / name:
                shutil.copyfile(file, folder / name)
        (folder / "tokenizer.json").write_bytes(self._trained.tokenizer)
        nothing = np.zeros((0, self._recipe.towers.dimension), np.float32)
        _store(dict.fromkeys(Medium, nothing), folder)
        neutral = Fitted(Calibration(slope=0.0, offset=0.0), {})
        card.draft(self._recipe, dict.fromkeys(("photo", "passage", "picture"), neutral), folder)

    def _sample_photos(self) -> Any:
        import torch

        edge_px = self._recipe.towers.edge_px
        paths = [photo.path for photo in self._loaded.dev[:SAMPLE_PHOTOS]]
        spec = PixelSpec(edge_px=edge_px, squash=True)
        return torch.from_numpy(np.stack([captioned.pixels(path, spec) for path in paths]))

    def _sample_ids(self) -> Any:
        import torch

        pieces = WordPieces(self._trained.tokenizer)
        texts = [text for text, _ in figures.captions(self._loaded.dev, self._recipe.languages[0])]
        rows = [pieces.ids(text) for text in texts[:SAMPLE_TEXTS]]
        ids = np.zeros((len(rows), max(2, *map(len, rows))), np.int64)
        for row, known in enumerate(rows):
            ids[row, : len(known)] = known
        return torch.from_numpy(ids)


def choose(tried: Sequence[Tried], precisions: Sequence[Precision]) -> Tried:
    """The smallest pair of `precisions` that costs at most half a point, or the best there is."""
    allowed = [pair for pair in tried if {pair.image, pair.text} <= set(precisions)]
    cheap = [pair for pair in allowed if pair.difference.value >= -card.MOST_LOST]
    if cheap:
        return min(cheap, key=lambda pair: pair.size_bytes)
    return max(allowed, key=lambda pair: pair.recall)


def _check(recipe: Recipe, loaded: TrainingData, precisions: Sequence[Precision]) -> None:
    if recipe.towers.openclip:
        raise RecipeError(
            "The model cannot be published in this form",
            "Only a model of Keepsight's own towers is; one of open_clip is used by its file.",
        )
    if not precisions:
        raise RecipeError("The model cannot be published", "No precision was asked for.")
    language = recipe.languages[0]
    told = [photo for photo in loaded.dev if photo.captions.get(language)]
    if len(told) < calibration.LEAST_PHOTOS:
        raise CaptionsError(
            "The model cannot be measured",
            f"The split “{recipe.dev.name}” has {len(told)} photos with captions in “{language}”; "
            f"it takes {calibration.LEAST_PHOTOS}.",
        )


def _all_runs(trained: Trained) -> tuple[RunRecord, ...]:
    runs = trained.runs
    return runs if trained.record in runs else (*runs, trained.record)


def _store(background: Background, folder: Path) -> None:
    """Writes their directions, which is all that there is to vectors of length 1."""
    directions: dict[str, Any] = {}
    for medium, vectors in background.items():
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        directions[medium.value] = np.round(127 / largest * vectors).astype(np.int8)
    np.savez(folder / "background.npz", **directions)


def _replace(made: Path, folder: Path) -> None:
    """Moves the files into `folder`, the card last: it says what the others must be."""
    folder.mkdir(exist_ok=True)
    names = (*card.FILES, card.README, card.CARD)
    for name in names:
        with (made / name).open("rb+") as file:
            os.fsync(file.fileno())
    for name in names:
        (made / name).replace(folder / name)
