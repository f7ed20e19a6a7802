"""Trains a dual encoder through the stages of a recipe, and goes on where it was interrupted."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch  # noqa: TID253 -- trains networks, imported only to train
from torch.optim.swa_utils import AveragedModel  # noqa: TID253

from engine.errors import RecipeError
from engine.paths import shown
from engine.training import check, recipe
from engine.training.data.dataset import TrainingData
from engine.training.data.steps import Loader, Step
from engine.training.networks.towers import DualEncoder
from engine.training.objective import Objective
from engine.training.recipe import Recipe, Stage

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
LOGGED_EVERY = 20
STEEPEST = 5.0
"""The norm that gradients are clipped to."""
CHECKPOINT_SECONDS = 300.0

Progress = Callable[[str, int, int], None]


@dataclass
class Position:
    """How far a run has come."""

    stage: int = 0
    step: int = 0
    """Of the stage."""
    steps: int = 0
    photos: int = 0
    seconds: float = 0.0
    best: float = -1.0
    unimproved: int = 0
    """Checks of this stage since the best one."""
    figures: dict[str, float] = field(default_factory=dict)
    """The best check's."""
    stopped_early: bool = False


class Trainer:
    """One run. `run` may be called in another process after a break, on the same folder."""

    def __init__(
        self,
        recipe_: Recipe,
        data: TrainingData,
        encoder: DualEncoder,
        objective: Objective,
        loader: Loader,
        folder: Path,
    ) -> None:
        """Keeps its checkpoint and its log in `folder`."""
        self.position = Position()
        self._recipe = recipe_
        self._data = data
        self._encoder = encoder
        self._objective = objective
        self._loader = loader
        self._folder = folder
        self._towers = torch.nn.ModuleDict({"image": encoder.image, "text": encoder.text})
        self._average = self._averaged(recipe_.stages[0])
        self._best: dict[str, Any] | None = None

    def run(self, on_progress: Progress = lambda *_: None) -> Position:
        """Trains to the end; the encoder then has the best weights of all checks.

        A run whose recipe has got further stages since goes on with those. Raises RecipeError where
        the folder holds a run of another recipe.
        """
        saved = self._saved()
        for number in range(saved["position"].stage if saved else 0, len(self._recipe.stages)):
            self._stage(number, saved, on_progress)
            saved = None
        if self._best is not None:
            self._towers.load_state_dict(self._best)
        return self.position

    def _stage(self, number: int, saved: dict[str, Any] | None, on_progress: Progress) -> None:
        stage = self._recipe.stages[number]
        self._objective.weights = self._recipe.losses_of(number)
        if saved is None:
            self._begin(number)
        optimiser = torch.optim.AdamW(
            [
                *self._encoder.parameter_groups(stage),
                {"params": list(self._objective.parameters()), "lr": 1e-3, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.98),
        )
        total = max(1, round(stage.epochs * (len(self._data.captioned) // stage.photos)))
        total += -total % stage.accumulated
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _rate(step, stage.warm_up_steps, total // stage.accumulated)
        )
        self._average = self._averaged(stage)
        if saved is not None:
            self._restore(saved, optimiser, schedule)
        if self.position.unimproved >= self._recipe.patience:
            return  # it had ended before the break
        checks = {
            round(total / stage.accumulated * part / self._recipe.checks_per_stage)
            * stage.accumulated
            for part in range(1, self._recipe.checks_per_stage + 1)
        }
        saved_at = time.monotonic()
        with self._loader.steps(number, self.position.step, total) as steps:
            for step in self._timed(steps):
                self._learn(step, stage, optimiser, schedule)
                told = f"{stage.name}, dev {self.position.best:.1f}"
                try:
                    on_progress(told, self.position.step, total)
                except KeyboardInterrupt:
                    # What is saved before its check would never be checked.
                    if self.position.step % stage.accumulated == 0 and (
                        self.position.step not in checks
                    ):
                        self._save(optimiser, schedule)
                    raise
                if self.position.step % stage.accumulated:
                    continue  # a checkpoint does not hold gradients
                ended = False
                if self.position.step in checks:
                    ended = self._checked(stage) and self.position.step < total
                    self.position.stopped_early |= ended
                elif time.monotonic() < saved_at + CHECKPOINT_SECONDS:
                    continue
                self._save(optimiser, schedule)
                saved_at = time.monotonic()
                if ended:
                    break

    def _begin(self, number: int) -> None:
        """Goes on with the best weights of the stages before."""
        position, stages = self.position, self._recipe.stages
        if self._best is not None:
            self._towers.load_state_dict(self._best)
        if number and stages[number].branches != stages[number - 1].branches:
            position.best = -1.0  # another model: it may begin with less, and become more
        position.stage, position.step, position.unimproved = number, 0, 0

    def _learn(
        self, step: Step, stage: Stage, optimiser: torch.optim.Optimizer, schedule: Any
    ) -> None:
        position = self.position
        torch.manual_seed(hash((self._recipe.seed, position.stage, position.step)) % 2**63)
        self._towers.train()
        found = self._objective(self._encoder, step)
        loss = sum(found.values())
        (loss / stage.accumulated).backward()
        position.step += 1
        position.steps += 1
        position.photos += len(step.pixels)
        if position.step % stage.accumulated == 0:
            torch.nn.utils.clip_grad_norm_(
                [each for group in optimiser.param_groups for each in group["params"]], STEEPEST
            )
            optimiser.step()
            optimiser.zero_grad()
            schedule.step()
            self._average.update_parameters(self._towers)
        if position.step % LOGGED_EVERY == 0:
            losses = {name: round(value.item(), 4) for name, value in found.items()}
            if not all(map(math.isfinite, losses.values())):
                raise check.diverged()
            scale = round(self._objective.scale.item(), 2)
            self._log({"losses": losses, "scale": scale})

    def _checked(self, stage: Stage) -> bool:
        """Measures the averaged weights and keeps the best; whether it is time to stop."""
        position, averaged = self.position, copy.copy(self._encoder)
        averaged.image, averaged.text = self._average.module["image"], self._average.module["text"]
        figures = check.measure(
            averaged, self._data, self._recipe.towers.edge_px, self._recipe.languages
        )
        self._log({"figures": {name: round(value, 2) for name, value in figures.items()}})
        recall = check.dev_recall(figures, self._recipe.languages[0])
        if recall > position.best:
            position.best, position.figures, position.unimproved = recall, figures, 0
            self._best = copy.deepcopy(self._average.module.state_dict())
        else:
            position.unimproved += 1
        return position.unimproved >= self._recipe.patience

    def _averaged(self, stage: Stage) -> AveragedModel:
        """An exponential moving average of the weights that forgets its beginning sooner."""

        def update(averages: list[Any], values: list[Any], count: torch.Tensor) -> None:
            decay = min(stage.average_decay, (1 + float(count)) / (10 + float(count)))
            torch._foreach_lerp_(averages, values, 1 - decay)

        return AveragedModel(self._towers, multi_avg_fn=update)

    def _timed(self, steps: Iterator[Step]) -> Iterator[Step]:
        started = time.monotonic() - self.position.seconds
        for step in steps:
            yield step
            self.position.seconds = time.monotonic() - started

    def _log(self, what: dict[str, Any]) -> None:
        position = self.position
        line = {
            "stage": self._recipe.stages[position.stage].name,
            "step": position.step,
            "seconds": round(position.seconds),
            **what,
        }
        with (self._folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _save(self, optimiser: torch.optim.Optimizer, schedule: Any) -> None:
        state = {
            "recipe": recipe.as_json(self._recipe),
            "position": self.position,
            "towers": self._towers.state_dict(),
            "average": self._average.state_dict(),
            "best": self._best,
            "objective": self._objective.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
        }
        file = self._folder / CHECKPOINT
        beside = file.with_suffix(".tmp")
        torch.save(state, beside)
        beside.replace(file)

    def _saved(self) -> dict[str, Any] | None:
        file = self._folder / CHECKPOINT
        if not file.is_file():
            return None
        with torch.serialization.safe_globals([Position]):
            saved: dict[str, Any] = torch.load(file, "cpu", weights_only=True)
        if not self._recipe.lengthens(recipe.of_json(saved["recipe"]), saved["position"].stage):
            raise RecipeError(
                "This folder holds another run",
                f"{shown(self._folder)} has the checkpoint of another recipe. Choose another "
                "folder, or delete this one.",
                self._folder,
            )
        return saved

    def _restore(
        self, saved: dict[str, Any], optimiser: torch.optim.Optimizer, schedule: Any
    ) -> None:
        self.position = saved["position"]
        self._best = saved["best"]
        self._towers.load_state_dict(saved["towers"])
        self._average.load_state_dict(saved["average"])
        for name in ("bank", "bank_owners"):  # which grow from nothing
            setattr(
                self._objective, name, saved["objective"][name].to(self._objective.scale.device)
            )
        self._objective.load_state_dict(saved["objective"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])


def _rate(step: int, warm_up: int, total: int) -> float:
    """The share of the rate at a step: a linear warm-up under half a cosine."""
    return (
        min(1.0, (step + 1) / max(1, warm_up))
        * 0.5
        * (1 + math.cos(math.pi * min(1.0, step / max(1, total))))
    )
