"""The small dual encoder that Keepsight ships: built, and filled with what it begins from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 -- a module of networks, imported only to train
from numpy.typing import NDArray
from torch.nn import functional  # noqa: TID253

from engine.errors import RecipeError
from engine.models.wordpiece import WordPieces
from engine.paths import shown
from engine.training.networks import mobilenet, vocabulary
from engine.training.networks.image_tower import CLASSES, Branch, ImageTower
from engine.training.networks.precision import bfloat16_is_fast
from engine.training.networks.text_tower import TextTower
from engine.training.recipe import Stage, Towers

LABEL_TEXT = "a photo of a {}"
MOST_PIECES = 128
"""As much of a text as is learnt from; a bag of pieces reads longer ones no differently."""

_NO_DECAY = 1


class SmallEncoder:
    """One MobileNetV2 or two, and a bag of word pieces; see `ImageTower` and `TextTower`."""

    def __init__(self, towers: Towers, tokenizer: bytes, classes: Sequence[str] = ()) -> None:
        """With random weights. `classes` are those that the initial classifier tells apart.

        Raises ModelError where the tokenizer is damaged.
        """
        self.tokenizer = tokenizer
        self._pieces = WordPieces(tokenizer)
        count = len(vocabulary.read(tokenizer).pieces)
        branches = 2 if towers.second_image else 1
        self.image = ImageTower(towers.dimension, towers.dropout, branches=branches)
        self.text = TextTower(count, towers.width, towers.dimension, layers=towers.layers)
        self.classes = tuple(classes)

    def to(self, device: str) -> None:
        """Moves the towers to where they will be trained, in the precision that is fast there."""
        self.image.to(device)
        self.text.to(device)
        for branch in self.image.branches:
            branch.precision = torch.bfloat16 if bfloat16_is_fast(device) else None

    def ids(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """The int64 ids of each text, at most 128 of them; [0] where no word is known."""
        return [torch.tensor(self._pieces.ids(text)[:MOST_PIECES] or [0]) for text in texts]

    def embed_photos(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, H, W, 3) uint8 to (N, D), L2-normalised, and the logits (N, classes)."""
        embeddings, logits = self.image.embed(pixels)
        return embeddings, logits

    def parameter_groups(self, stage: Stage) -> list[dict[str, Any]]:
        """The trunk's, the head's and the text tower's parameters, with their rates.

        Vectors of word pieces and parameters of one number or row do not decay: most pieces are
        rare, and would vanish between two times that they are seen.
        """
        self.image.taught = stage.branches
        self.image.requires_grad_(False)
        trunks = [
            parameter for branch in self.image.learning for parameter in self._thaw(branch, stage)
        ]
        self.text.word_dropout = stage.word_dropout
        known = set(map(id, trunks))
        heads = [each for each in self.image.parameters() if id(each) not in known]
        tables = {id(self.text.vectors.weight), id(self.text.weights.weight)}
        groups = []
        for parameters, rate in (
            (trunks, stage.trunk_rate),
            (heads, stage.head_rate),
            (list(self.text.parameters()), stage.text_rate),
        ):
            learnt = [each for each in parameters if each.requires_grad]
            still = [each for each in learnt if id(each) in tables or each.ndim <= _NO_DECAY]
            kept = set(map(id, still))
            moving = [each for each in learnt if id(each) not in kept]
            groups += [
                {"params": moving, "lr": rate, "weight_decay": stage.weight_decay},
                {"params": still, "lr": rate, "weight_decay": 0.0},
            ]
        return [group for group in groups if group["params"]]

    def _thaw(self, branch: Branch, stage: Stage) -> list[torch.nn.Parameter]:
        """Lets a branch learn all but its frozen blocks; gives its trunk's and classifier's."""
        branch.requires_grad_(True)
        frozen = len(branch.trunk) if stage.frozen_blocks == "all" else stage.frozen_blocks
        branch.frozen_blocks = frozen
        branch.trunk[:frozen].requires_grad_(False)
        branch.classifier.requires_grad_(frozen < len(branch.trunk))
        # A table of nothing would stay so but for a gradient of 1e12: it is normalised.
        branch.class_table.requires_grad_(bool(self.classes))
        return [*branch.trunk.parameters(), *branch.classifier.parameters()]


@dataclass(frozen=True, slots=True)
class Beginnings:
    """What the towers begin from, beside the files that the recipe names."""

    photos: NDArray[np.uint8]
    """(N, H, W, 3) RGB: some that are trained on, to standardise features by."""
    embed: Callable[[Sequence[str]], NDArray[Any]]
    """The sentence teacher."""
    embed_pieces: Callable[[Sequence[str]], NDArray[Any]]
    """The same, of single word pieces."""
    glosses: dict[str, str]
    """What Chinese characters mean, in English."""


def initialise(encoder: SmallEncoder, towers: Towers, root: Path, begin: Beginnings) -> None:
    """Fills the towers. Raises ModelError or RecipeError where a file cannot be used.

    The text tower begins as the teacher run on every single piece and reduced by PCA, as
    Model2Vec does (S. Tulkens and T. van Dongen, 2024); pieces weigh the logarithm of their rank,
    which the vocabulary is sorted by. A Chinese character begins as its gloss, or anywhere where
    no glosses are given; a pair of them as their sum.
    """
    origins = (towers.image, towers.second_image)
    for branch, origin in zip(encoder.image.branches, origins, strict=False):
        if origin is not None:
            mobilenet.load(branch.trunk, branch.classifier, root / origin.path)
        branch.standardise(torch.from_numpy(begin.photos))
        if encoder.classes:
            table = begin.embed([LABEL_TEXT.format(name) for name in encoder.classes])
            with torch.no_grad():
                branch.class_table.copy_(torch.from_numpy(table))
    if towers.text is not None:
        _begin_as_teacher(encoder.text, vocabulary.read(encoder.tokenizer), begin)


def class_names(towers: Towers, root: Path) -> tuple[str, ...]:
    """The first name of each class of the initial classifier. Raises RecipeError."""
    if towers.image is None or towers.image_labels is None:
        return ()
    file = root / towers.image_labels
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError("The classes cannot be read", f"{shown(file)}: {error}", file) from error
    if len(lines) != CLASSES:
        raise RecipeError(
            "The classes do not fit",
            f"{shown(file)} has {len(lines)} lines, the network {CLASSES} classes.",
            file,
        )
    return tuple(line.split(",")[0].strip() for line in lines)


@torch.no_grad()  # type: ignore[untyped-decorator]
def initial_logits(
    towers: Towers, root: Path, device: str, photos: Iterable[NDArray[np.uint8]]
) -> Iterator[NDArray[np.float16]]:
    """What the initial classifier makes of batches of photos: (N, H, W, 3) to (N, classes)."""
    assert towers.image is not None
    branch = Branch(towers.dimension, towers.dropout).to(device)
    mobilenet.load(branch.trunk, branch.classifier, root / towers.image.path)
    branch.precision = torch.bfloat16 if bfloat16_is_fast(device) else None
    for pixels in photos:
        places = branch.places(torch.from_numpy(pixels).to(device))
        yield branch.classifier(places.mean(1)).half().cpu().numpy()


def _begin_as_teacher(text: TextTower, pieces: vocabulary.Vocabulary, begin: Beginnings) -> None:
    latin = begin.embed_pieces([pieces.pieces[number] for number in pieces.latin])
    taught = np.zeros((len(pieces.pieces), latin.shape[1]), np.float32)
    taught[pieces.latin] = latin
    glossed = [number for number in pieces.characters if pieces.pieces[number] in begin.glosses]
    if glossed:
        meant = begin.embed([begin.glosses[pieces.pieces[number]] for number in glossed])
        taught[pieces.characters] = meant.mean(0)
        taught[glossed] = meant
    else:
        # Of zeros nothing would be learnt: they are normalised, and their gradient has no bounds.
        several = torch.randn(len(pieces.characters), latin.shape[1])
        taught[pieces.characters] = functional.normalize(several, dim=-1).numpy()
    numbers = {pieces.pieces[number]: number for number in pieces.characters}
    for number in pieces.bigrams:
        both = sum(taught[numbers[character]] for character in pieces.pieces[number])
        taught[number] = both / max(float(np.linalg.norm(both)), 1e-6)
    width = text.vectors.weight.shape[1]
    axes = np.linalg.svd(latin, full_matrices=False)[2][:width]
    weights = np.ones(len(pieces.pieces), np.float32)
    ranked = np.log1p(1 + np.arange(len(pieces.latin), dtype=np.float32))
    weights[pieces.latin] = ranked / ranked.mean()
    with torch.no_grad():
        text.vectors.weight.copy_(torch.from_numpy(taught @ axes.T))
        text.weights.weight.copy_(torch.from_numpy(weights[:, None]))
        text.linear.weight.copy_(torch.from_numpy(axes.T.copy()))
        text.linear.bias.zero_()
