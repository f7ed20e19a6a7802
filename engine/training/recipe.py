"""What a training run is made of: the data, the towers, the losses and the stages, as JSON.

A recipe, its data and a seed are all that a run depends on. Paths in it are relative to a folder
of data that is named when the run starts, so that a recipe can be shared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from engine.errors import RecipeError
from engine.paths import shown

Contrast = Literal["infonce", "sigmoid", "triplet"]
Taught = Literal["first", "second", "both"]
"""Branches of the image tower."""
Amount = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0)]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A file or folder of data, what it is called and the terms that it came under."""

    path: str
    name: str
    terms: str
    split: str | None = None
    """Only the photos of this split."""
    held_out_every: Amount = 0
    """Every how many-th photo is never trained on, and measured; 0 is none."""


class Origin(Struct, frozen=True, forbid_unknown_fields=True):
    """A model that weights were initialised or distilled from."""

    path: str
    name: str
    licence: str
    trained_on: str
    version: str = ""


class Towers(Struct, frozen=True, forbid_unknown_fields=True):
    """The two towers into one space of `dimension` numbers.

    By default a MobileNetV2 beside a bag of word pieces. `openclip` names an architecture of
    open_clip instead, or a JSON file of one; its weights begin at random, or as `openclip_weights`.
    """

    openclip: str | None = None
    openclip_weights: Origin | None = None
    """A checkpoint of that architecture: .safetensors, or .pt with nothing but weights."""
    dimension: Positive = 384
    edge_px: Positive = 224
    """The edge of the squares that the finished model is given."""
    width: Annotated[int, Meta(ge=4, multiple_of=4)] = 256
    """The length of a word piece's vector before the layers that follow, which have 4 heads."""
    layers: Amount = 0
    """How many transformer layers read the word pieces, beside the bag of them."""
    dropout: Share = 0.3
    image: Origin | None = None
    """A quantised MobileNetV2 (.tflite) to begin from, and to retain the knowledge of."""
    second_image: Origin | None = None
    """A finished model's image.onnx, whose MobileNetV2 a second branch of the image tower begins
    with; stages say which branch they teach."""
    image_labels: str | None = None
    """A text file with the names of its classes, a line each."""
    text: Origin | None = None
    """A folder with a MiniLM (model.safetensors, tokenizer.json): the sentence teacher."""
    vocabulary: str | None = None
    """A tokenizer.json whose word pieces of Latin letters are taken over."""
    unihan: str | None = None
    """A folder with Unicode's Unihan_Readings.txt and Unihan_Variants.txt (or .txt.bz2): the
    Chinese characters that are learnt, what they mean, and how they are written elsewhere."""


class Losses(Struct, frozen=True, forbid_unknown_fields=True):
    """What is minimised: the weight of each loss, and what the contrast is against."""

    contrast: Contrast = "infonce"
    label_smoothing: Share = 0.05
    margin: Weight = 0.2
    """Of the triplet loss."""
    temperature: Annotated[float, Meta(gt=0)] = 0.05
    """Where the learnt temperature begins."""
    captions_per_photo: Positive = 2
    more_captions: Amount = 512
    """Captions of other photos, as further negatives of each photo."""
    banked_photos: Amount = 2048
    """Embeddings of the last photos, as further negatives of each caption."""
    other_languages: Weight = 0.5
    labels: Weight = 0.5
    """Cross-entropy against the texts "a photo of a {label}"."""
    distilled_captions: Weight = 1.0
    """1 - cosine of a text's embedding to the sentence teacher's."""
    distilled_texts: Weight = 1.0
    taught_photos: Weight = 0.0
    """Cross-entropy of a photo against what the sentence teacher makes of every photo's captions,
    their mean: all photos of the run are negatives, and none has to be looked at."""
    taught_captions: Weight = 0.0
    """The same of a caption, in each language."""
    mimicked_affinities: Weight = 0.0
    """KL of which captions the ensemble finds fit a photo, and which photos a caption, to the same
    of the trained model; photos without captions are taught so too."""
    retained_classes: Weight = 0.5
    """KL of the initial classifier's predictions to the trained one's, as in LwF."""
    retained_labels: Weight = 0.5
    """The same, to the predictions of the embedding against the classes' texts."""


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the run, with its own size of pictures and rates of learning."""

    name: str
    epochs: Annotated[float, Meta(gt=0)]
    edge_px: Annotated[int, Meta(ge=32)]
    photos: Annotated[int, Meta(ge=2)] = 96
    """Captioned photos per step."""
    labelled: Amount = 32
    """Labelled photos per step."""
    texts: Amount = 128
    """Texts without photos per step."""
    accumulated: Positive = 1
    """Over how many steps gradients are added up before the weights move."""
    branches: Taught = "first"
    """Which branches of the image tower learn. Once the second has, both are what is measured."""
    frozen_blocks: Amount | Literal["all"] = 4
    """How many blocks of the image tower's trunk, from the pixels on, keep their weights."""
    trunk_rate: Weight = 2e-4
    head_rate: Weight = 1e-3
    text_rate: Weight = 5e-4
    weight_decay: Weight = 0.01
    warm_up_steps: Amount = 40
    smallest_crop: Share = 0.4
    """The smallest share of a photo's area that a random resized crop keeps."""
    colour: Share = 0.3
    """How far brightness, contrast and saturation are changed."""
    word_dropout: Share = 0.1
    average_decay: Share = 0.998
    """Of the exponential moving average of the weights, which is what is measured and kept."""
    losses: Losses | None = None
    """In place of the recipe's."""


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a training run depends on, but for the data itself."""

    name: str
    title: str
    version: str
    captioned: Annotated[tuple[Source, ...], Meta(min_length=1)]
    dev: Source
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1)]
    labelled: tuple[Source, ...] = ()
    texts: tuple[Source, ...] = ()
    what: str = ""
    """What this run is to find out, in a sentence, for the list of runs."""
    languages: Annotated[tuple[str, ...], Meta(min_length=1)] = ("en",)
    licence: str = ""
    seed: Amount = 0
    towers: Towers = Towers()
    ensemble: tuple[Origin, ...] = ()
    """Folders of finished models, as Keepsight ships its own, that together teach affinities."""
    losses: Losses = Losses()
    checks_per_stage: Positive = 4
    """How often dev recall is measured and a checkpoint kept."""
    patience: Positive = 4
    """After how many checks without a better dev recall a stage ends."""

    def __post_init__(self) -> None:
        for number, stage in enumerate(self.stages):
            losses = self.losses_of(number)
            if stage.branches != "first" and self.towers.second_image is None:
                raise ValueError(
                    f"stages[{number}].branches needs a second branch: name what it begins with as "
                    "towers.second_image"
                )
            if (losses.taught_photos or losses.taught_captions) and self.towers.text is None:
                raise ValueError(
                    "taught_photos and taught_captions need a sentence teacher: name it as "
                    "towers.text"
                )
            if losses.mimicked_affinities and not self.ensemble:
                raise ValueError("mimicked_affinities needs models to mimic: name the ensemble")

    def losses_of(self, stage: int) -> Losses:
        """What the stage of that number minimises."""
        return self.stages[stage].losses or self.losses

    def lengthens(self, other: Recipe, stage: int) -> bool:
        """Whether a run of `other` that is in its stage `stage` is one of this recipe too.

        The stages that come after may differ, and so may what is said of the run.
        """
        return self._until(stage) == other._until(stage)

    def _until(self, stage: int) -> Recipe:
        is_taught = any(self.losses_of(n).mimicked_affinities for n in range(stage + 1))
        return msgspec.structs.replace(
            self,
            what="",
            version="",
            stages=self.stages[: stage + 1],
            ensemble=self.ensemble if is_taught else (),
        )


def read(file: Path) -> Recipe:
    """Reads a recipe. Raises RecipeError, naming what is wrong and where."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Recipe)
    except OSError as error:
        raise RecipeError("The recipe cannot be read", f"{shown(file)}: {error}", file) from error
    except msgspec.MsgspecError as error:  # not JSON, or a wrong key or value, which it names
        raise RecipeError("The recipe cannot be used", f"{shown(file)}: {error}.", file) from error


def as_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as `read` takes it, with every value that was left to its default."""
    described: dict[str, Any] = msgspec.to_builtins(recipe)
    return described


def of_json(described: dict[str, Any]) -> Recipe:
    """The recipe that `as_json` described, here or in an earlier version."""
    return msgspec.convert(described, Recipe)
