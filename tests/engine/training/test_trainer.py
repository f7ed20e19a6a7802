"""A miniature of a training run: coloured shapes, and what is said of them in two languages."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch  # noqa: TID253 -- what is trained
from PIL import Image, ImageDraw
from torch.nn import functional  # noqa: TID253

from engine.errors import RecipeError
from engine.models.wordpiece import WordPieces
from engine.training import check
from engine.training.data import captioned, dataset
from engine.training.data.dataset import CaptionTable, TrainingData
from engine.training.data.steps import Loader
from engine.training.networks.small import SmallEncoder
from engine.training.networks.text_tower import TextTower
from engine.training.objective import Objective, Tables
from engine.training.recipe import Losses, Origin, Recipe, Source, Stage, Towers
from engine.training.trainer import CHECKPOINT, LOG, Position, Trainer

pytestmark = pytest.mark.usefixtures("one_thread")

COLOURS = {
    "red": ("红色", (220, 30, 30)),
    "green": ("绿色", (30, 170, 50)),
    "blue": ("蓝色", (40, 60, 220)),
    "yellow": ("黄色", (235, 210, 40)),
}
WALLS = {
    "white": ("白色", (250, 250, 250)),
    "black": ("黑色", (10, 10, 10)),
    "grey": ("灰色", (128, 128, 128)),
}
SHAPES = {"circle": "圆形", "square": "方形", "triangle": "三角形"}
EDGE_PX = 64
EACH = 5
"""Photos of each kind: the last is a dev photo, and so is chance told."""

CHANCE = float(np.mean([k / len(SHAPES) / len(COLOURS) / len(WALLS) for k in check.CUTOFFS]) * 100)

STAGE = Stage(
    "heads",
    epochs=8,
    edge_px=EDGE_PX,
    photos=24,
    frozen_blocks="all",
    head_rate=2e-3,
    text_rate=5e-3,
    warm_up_steps=5,
    smallest_crop=0.8,
    colour=0.05,
    word_dropout=0.0,
    average_decay=0.9,
)
SOURCE = Source("captions.jsonl", "Shapes", "CC0")
RECIPE = Recipe(
    "miniature",
    "Shapes",
    "1",
    captioned=(msgspec.structs.replace(SOURCE, split="train"),),
    dev=msgspec.structs.replace(SOURCE, split="dev"),
    stages=(STAGE,),
    languages=("en", "zh"),
    towers=Towers(dimension=32, edge_px=EDGE_PX, width=32, dropout=0.0),
    losses=Losses(captions_per_photo=1, more_captions=48, banked_photos=48),
    checks_per_stage=2,
)
BRIEF = msgspec.structs.replace(
    RECIPE,
    stages=tuple(
        msgspec.structs.replace(
            STAGE, name=name, epochs=0.25, edge_px=32, photos=6, frozen_blocks=frozen
        )
        for name, frozen in (("heads", "all"), ("trunk", 17))
    ),
    towers=msgspec.structs.replace(RECIPE.towers, dropout=0.3, edge_px=32),
    languages=("en",),
)
"""12 steps, with all that is drawn by chance."""

Weights = dict[str, torch.Tensor]


class PlainEncoder:
    """The smallest pair of towers that has all that a trainer asks for, where those do not matter.

    Photos are 4 x 4 colours, and texts bags of word pieces.
    """

    def __init__(self, towers: Towers, tokenizer: bytes) -> None:
        self._words = WordPieces(tokenizer)
        self.image = _Colours(towers.dimension, towers.dropout)
        self.text = TextTower(300, towers.width, towers.dimension)
        self.classes: tuple[str, ...] = ()

    def ids(self, texts: Sequence[str]) -> list[torch.Tensor]:
        return [torch.tensor(self._words.ids(text)) for text in texts]

    def embed_photos(self, pixels: torch.Tensor) -> tuple[torch.Tensor, None]:
        return self.image(pixels), None

    def parameter_groups(self, stage: Stage) -> list[dict[str, Any]]:
        self.text.word_dropout = stage.word_dropout
        return [
            {"params": list(self.image.parameters()), "lr": stage.head_rate},
            {"params": list(self.text.parameters()), "lr": stage.text_rate},
        ]


class _Colours(torch.nn.Module):
    def __init__(self, dimension: int, dropout: float) -> None:
        super().__init__()
        self.drop = torch.nn.Dropout(dropout)
        self.linear = torch.nn.Linear(48, dimension)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        colours = functional.adaptive_avg_pool2d(pixels.permute(0, 3, 1, 2) / 255 - 0.5, 4)
        return functional.normalize(self.linear(self.drop(colours.flatten(1))), dim=1)


Encoder = SmallEncoder | PlainEncoder
Made = tuple[Trainer, Encoder]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of each shape in each colour before each wall, left or right, with captions."""
    folder = tmp_path_factory.mktemp("shapes")
    draws = random.Random(0)
    rows = []
    kinds = list(itertools.product(SHAPES, COLOURS, WALLS))
    for number, (shape, colour, wall) in enumerate(kinds * EACH):
        left = draws.random() < 0.5
        path = folder / f"{number}.png"
        _draw(shape, COLOURS[colour][1], WALLS[wall][1], (18 if left else 46, draws)).save(path)
        side, chinese_side = ("left", "左边") if left else ("right", "右边")
        rows.append(
            {
                "file": path.name,
                "split": "train" if number < len(kinds) * (EACH - 1) else "dev",
                "en": [
                    f"a {colour} {shape} on a {wall} background",
                    f"on the {side} there is a {colour} {shape} on the {wall} wall",
                ],
                "zh": [
                    f"{WALLS[wall][0]}背景上{chinese_side}有一个{COLOURS[colour][0]}的{SHAPES[shape]}"
                ],
            }
        )
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "captions.jsonl").write_text(lines, encoding="utf-8")
    return folder


def _draw(
    shape: str,
    colour: tuple[int, int, int],
    wall: tuple[int, int, int],
    place: tuple[int, random.Random],
) -> Image.Image:
    image = Image.new("RGB", (EDGE_PX, EDGE_PX), wall)
    pen = ImageDraw.Draw(image)
    x, draws = place
    x, y, half = x + draws.randint(-2, 2), 32 + draws.randint(-12, 12), draws.randint(11, 15)
    box = (x - half, y - half, x + half, y + half)
    if shape == "circle":
        pen.ellipse(box, fill=colour)
    elif shape == "square":
        pen.rectangle(box, fill=colour)
    else:
        pen.polygon([(x - half, y + half), (x + half, y + half), (x, y - half)], fill=colour)
    return image


@pytest.fixture
def make(world: Path, tokenizer: bytes, tmp_path: Path) -> Iterator[Callable[..., Made]]:
    """Builds a run of a recipe in a folder of that name, its weights drawn by a seed."""

    def made(
        recipe: Recipe, name: str = "run", *, seed: int = 0, kind: type[Encoder] = SmallEncoder
    ) -> Made:
        torch.manual_seed(seed)
        data = dataset.load(recipe, world, tmp_path)
        table = CaptionTable(data.captioned, recipe.languages)
        encoder = kind(recipe.towers, tokenizer)
        if isinstance(encoder, SmallEncoder):
            edge_px = recipe.towers.edge_px
            some = [captioned.squashed(photo.path, edge_px) for photo in data.captioned[:64]]
            encoder.image.branches[0].standardise(torch.from_numpy(np.stack(some)))
            encoder.to("cpu")
        objective = Objective(recipe.losses, table, _tables(encoder, table))
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        loader = Loader(data, table, recipe)
        return Trainer(recipe, data, encoder, objective, loader, folder), encoder

    yield made
    for checkpoint in tmp_path.rglob(CHECKPOINT):  # which are large
        checkpoint.unlink()


def _tables(encoder: Encoder, table: CaptionTable) -> Tables:
    """Captions alone: nobody teaches."""
    none = torch.zeros(0, 1, dtype=torch.long)
    return Tables(
        captions=tuple(encoder.ids(table.texts)),
        labels=none,
        label_shares=torch.zeros(0, 0),
        classes=None,
        sentences=(),
        taught_captions=None,
        taught_photos=None,
        taught_labels=None,
        taught_sentences=None,
        known_captioned=None,
        known_labelled=None,
    )


def dev(recipe: Recipe, world: Path, tmp_path: Path) -> TrainingData:
    return dataset.load(recipe, world, tmp_path)


def weights(encoder: Encoder) -> Weights:
    return {
        f"{tower}.{name}": value.clone()
        for tower, module in (("image", encoder.image), ("text", encoder.text))
        for name, value in module.state_dict().items()
    }


def differing(one: Weights, other: Weights) -> list[str]:
    return [name for name in one if not torch.equal(one[name], other[name])]


def told(position: Position) -> dict[str, Any]:
    """All of a position but how long it took."""
    return {name: getattr(position, name) for name in vars(position) if name != "seconds"}


def changed(recipe: Recipe, **of_stages: Any) -> Recipe:
    stages = tuple(msgspec.structs.replace(stage, **of_stages) for stage in recipe.stages)
    return msgspec.structs.replace(recipe, stages=stages)


@pytest.mark.slow
def test_a_miniature_is_learnt(make, world: Path, tmp_path: Path) -> None:
    """First its heads, then the network beneath them, from random weights."""
    trunk = msgspec.structs.replace(
        STAGE, name="trunk", epochs=1, frozen_blocks=12, trunk_rate=1e-4, head_rate=5e-4
    )
    recipe = msgspec.structs.replace(RECIPE, stages=(STAGE, trunk))
    trainer, encoder = make(recipe)
    data = dev(recipe, world, tmp_path)
    before = check.measure(encoder, data, EDGE_PX, recipe.languages)
    assert check.dev_recall(before, "en") < 2 * CHANCE
    position = trainer.run()
    after = check.measure(encoder, data, EDGE_PX, recipe.languages)
    assert after == position.figures
    for language in ("en", "zh"):
        assert check.dev_recall(after, language) > 3 * CHANCE
    assert position.steps == 54
    assert position.photos == 54 * STAGE.photos


@pytest.mark.slow
@pytest.mark.parametrize("contrast", ["sigmoid", "triplet"])
def test_the_other_losses_learn_too(make, contrast: Any) -> None:
    losses = msgspec.structs.replace(RECIPE.losses, contrast=contrast)
    recipe = changed(
        msgspec.structs.replace(RECIPE, losses=losses, languages=("en",)), edge_px=32, epochs=6
    )
    towers = msgspec.structs.replace(RECIPE.towers, edge_px=32)
    trainer, _ = make(msgspec.structs.replace(recipe, towers=towers))
    assert trainer.run().best > 2 * CHANCE


def test_a_seed_makes_a_run(make) -> None:
    runs = []
    recipe = msgspec.structs.replace(BRIEF, stages=BRIEF.stages[1:])
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        trainer, encoder = make(msgspec.structs.replace(recipe, seed=seed), name)
        runs.append((told(trainer.run()), weights(encoder)))
    (position, first), (again, second), (_, other) = runs
    assert position == again
    assert not differing(first, second)
    assert differing(first, other)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "accumulated"), [(SmallEncoder, 1), (PlainEncoder, 1), (PlainEncoder, 2)]
)
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    make, kind: type[Encoder], accumulated: int
) -> None:
    """Interrupted at the very first step, between checks, on the step of one, and at the ends.

    What is drawn at random before a run goes on, such as other initial weights, is of no matter
    once there is a checkpoint.
    """
    recipe = changed(BRIEF, accumulated=accumulated)
    whole, encoder = make(recipe, "whole", kind=kind)
    whole.run()
    kept = weights(encoder)
    for seed, stop in ((0, 1), (0, 2), (1, 3), (2, 5), (3, 6), (4, 8), (5, 11), (6, 12)):
        trainer, _ = make(recipe, "parts", seed=seed, kind=kind)
        with pytest.raises(KeyboardInterrupt):
            trainer.run(_until(trainer, stop))
    trainer, encoder = make(recipe, "parts", seed=7, kind=kind)
    assert told(trainer.run()) == told(whole.position)
    assert not differing(weights(encoder), kept)
    again, encoder = make(recipe, "parts", seed=8, kind=kind)  # there is nothing left to do
    assert told(again.run(_never)) == told(whole.position)
    assert not differing(weights(encoder), kept)


def _until(trainer: Trainer, steps: int) -> Callable[[str, int, int], None]:
    def on_progress(*_: object) -> None:
        if trainer.position.steps == steps:
            raise KeyboardInterrupt

    return on_progress


def _never(*_: object) -> None:
    raise AssertionError("a step was taken")


def test_without_progress_a_stage_ends_early(make) -> None:
    """With rates of zero, each check but the first is no better."""
    still = changed(BRIEF, epochs=1, trunk_rate=0, head_rate=0, text_rate=0, weight_decay=0)
    recipe = msgspec.structs.replace(still, patience=2, checks_per_stage=8)
    trainer, _ = make(recipe, kind=PlainEncoder)
    position = trainer.run()
    assert position.stopped_early
    lines = [json.loads(line) for line in _log(trainer)]
    checked = [(line["stage"], line["step"]) for line in lines if "figures" in line]
    assert checked == [*(("heads", step) for step in (3, 6, 9)), ("trunk", 3), ("trunk", 6)]
    again, _ = make(recipe, seed=1, kind=PlainEncoder)
    assert told(again.run(_never)) == told(position)


def _log(trainer: Trainer) -> Iterator[str]:
    return iter((trainer._folder / LOG).read_text(encoding="utf-8").splitlines())


def test_a_folder_of_another_run_is_refused(make, tmp_path: Path) -> None:
    trainer, _ = make(BRIEF, kind=PlainEncoder)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(_until(trainer, 4))
    kept = (tmp_path / "run" / CHECKPOINT).read_bytes()
    other, _ = make(msgspec.structs.replace(BRIEF, seed=7), kind=PlainEncoder)
    with pytest.raises(RecipeError, match="another recipe") as caught:
        other.run(_never)
    assert caught.value.path == tmp_path / "run"
    assert (tmp_path / "run" / CHECKPOINT).read_bytes() == kept


def test_a_run_is_lengthened_by_further_stages(make) -> None:
    """A finished run goes on with the stages that its recipe has got since, losses and all."""
    first, last = BRIEF.stages
    gentle = msgspec.structs.replace(BRIEF.losses, label_smoothing=0.3)
    long = msgspec.structs.replace(
        BRIEF, stages=(first, msgspec.structs.replace(last, losses=gentle)), what="Longer."
    )
    whole, encoder = make(long, "whole", kind=PlainEncoder)
    whole.run()
    kept = weights(encoder)
    short = msgspec.structs.replace(BRIEF, stages=(first,))
    make(short, "parts", kind=PlainEncoder)[0].run()
    trainer, encoder = make(long, "parts", seed=3, kind=PlainEncoder)
    assert told(trainer.run()) == told(whole.position)
    assert not differing(weights(encoder), kept)
    trainer, encoder = make(BRIEF, "plain", kind=PlainEncoder)
    trainer.run()
    assert differing(weights(encoder), kept), "the stage's own losses count"


def test_a_stage_that_was_reached_may_not_change(make) -> None:
    first, last = BRIEF.stages
    make(msgspec.structs.replace(BRIEF, stages=(first,)), kind=PlainEncoder)[0].run()
    other = msgspec.structs.replace(first, head_rate=first.head_rate / 2)
    trainer, _ = make(msgspec.structs.replace(BRIEF, stages=(other, last)), kind=PlainEncoder)
    with pytest.raises(RecipeError, match="another recipe"):
        trainer.run(_never)


def test_accumulated_gradients_move_the_weights_once(make) -> None:
    one = msgspec.structs.replace(BRIEF, stages=BRIEF.stages[:1])
    trainer, encoder = make(
        changed(one, accumulated=3, epochs=0.3, warm_up_steps=0), kind=PlainEncoder
    )
    before = weights(encoder)
    moved: list[bool] = []

    def on_progress(*_: object) -> None:
        now = weights(encoder)
        moved.append(bool(differing(before, now)))
        before.update(now)

    trainer.run(on_progress)
    # 0.3 epochs are 7 steps, and 9 so that the gradients of none are lost.
    assert moved == [False, False, True] * 3


def test_the_rate_warms_up_and_falls_to_nothing(make) -> None:
    trainer, _ = make(msgspec.structs.replace(BRIEF, stages=BRIEF.stages[:1]), kind=PlainEncoder)
    trainer.run()
    saved = torch.load(trainer._folder / CHECKPOINT, weights_only=False)
    assert saved["schedule"]["_last_lr"] == [0.0] * len(saved["schedule"]["_last_lr"])


def test_frozen_blocks_keep_their_weights(make) -> None:
    trainer, encoder = make(BRIEF)
    before = weights(encoder)
    trainer.run()
    moved = differing(before, weights(encoder))
    image = {name.removeprefix("image.branches.0.") for name in moved}
    assert {int(name.split(".")[1]) for name in image if name.startswith("trunk")} <= {17, 18}
    assert {"text.vectors.weight", "linear.weight"} <= image
    assert not {"mean", "deviation"} & image


def test_a_second_branch_is_not_measured_against_the_first_alone(
    make, world: Path, tmp_path: Path
) -> None:
    """It may find less at first; going back to what was best would be a model without it."""
    origin = Origin("image.onnx", "Another", "CC0", "shapes")
    heads = BRIEF.stages[0]
    second = msgspec.structs.replace(
        heads, name="second", branches="second", head_rate=1.0, text_rate=0.0
    )
    recipe = msgspec.structs.replace(
        BRIEF,
        stages=(heads, second),
        towers=msgspec.structs.replace(BRIEF.towers, second_image=origin),
    )
    trainer, encoder = make(recipe)
    before = weights(encoder)
    position = trainer.run()
    assert any(name.startswith("image.branches.1.") for name in differing(before, weights(encoder)))
    data = dev(recipe, world, tmp_path)
    assert check.measure(encoder, data, 32, recipe.languages) == position.figures


def test_weights_that_are_no_numbers_end_the_run(make) -> None:
    """Else every caption would find its photo first: no score is larger than NaN."""
    trainer, encoder = make(BRIEF, kind=PlainEncoder)
    with torch.no_grad():
        encoder.text.linear.bias.fill_(float("nan"))
    with pytest.raises(RecipeError, match="diverged"):
        trainer.run()
    assert not (trainer._folder / CHECKPOINT).exists()
