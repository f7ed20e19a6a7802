"""The command `keepsight eval`: measures models on captioned photos, or on a person's own marks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import output

if TYPE_CHECKING:
    from engine.evaluation.marks import Mark
    from engine.evaluation.report import Progress, Result, Through
    from engine.evaluation.tasks import Trial
    from engine.paths import Home
    from engine.training.metrics import Answers

_PATH = click.Path(path_type=Path)
_TASKS = ("text_to_image", "image_to_text", "image_to_image", "text_to_text")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The command's argument and options."""

    data: Path | None
    split: str | None
    models: tuple[str, ...]
    through: str
    tasks: tuple[str, ...]
    marks: Path | None
    plot_file: Path | None
    confidence: float
    as_json: bool


def _tasks(_ctx: click.Context, _parameter: click.Parameter, named: str | None) -> tuple[str, ...]:
    chosen = tuple(named.replace(" ", "").split(",")) if named else _TASKS
    for name in chosen:
        if name not in _TASKS:
            raise click.BadParameter(f"{name!r} is none of {', '.join(_TASKS)}.")
    return chosen


@click.command("eval")
@click.argument("data", required=False, type=_PATH)
@click.option("--split", help="Only this split; all but those for training by default.")
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A model to measure; may be given several times. By default starter, or with --marks the "
    "one in use.",
)
@click.option(
    "--through",
    type=click.Choice(["encoder", "library", "both"]),
    default="library",
    show_default=True,
    help="Ask the encoder alone, the whole library, or both.",
)
@click.option("--tasks", callback=_tasks, help=f"Some of {','.join(_TASKS)}; all by default.")
@click.option("--marks", type=_PATH, help="Test on your own library, by right answers you marked.")
@click.option("--plot", "plot_file", type=_PATH, help="Draw recall@k into a PNG, SVG or PDF.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="The confidence of the intervals.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def evaluate(obj: dict[str, Any], /, **options: Any) -> None:
    """Measure how well models find what is right, on DATA or on your own library (--marks).

    DATA is JSON lines of captioned photos, the JSON of Karpathy's splits, the token file of
    Flickr8k or Flickr30k, or a folder as BEIR has it.
    """
    from engine.evaluation import marks, plot, report
    from engine.evaluation.report import Through

    asked = _Asked(**options)
    if (asked.data is None) == (asked.marks is None):
        raise click.UsageError("Give DATA or --marks FILE.")
    if asked.marks is not None and asked.through != Through.LIBRARY:
        raise click.UsageError("Marks are answered through the library.")
    if asked.plot_file is not None:
        plot.check(asked.plot_file)
    marked = marks.read_marks(asked.marks) if asked.marks is not None else []
    with output.bars() as on_progress:
        if asked.data is not None:
            results = _on_data(asked.data, asked, on_progress)
        else:
            results = _on_marks(obj["home"], marked, asked, on_progress)
    ranks = marks.ranks_as_json(marked, results)
    if asked.plot_file is not None:
        plot.save(results, asked.plot_file, asked.confidence)
    if asked.as_json:
        told = report.as_json(results, asked.confidence)
        click.echo(json.dumps(told | ({"marks_by_query": ranks} if ranks else {}), indent=2))
    else:
        if ranks:
            click.echo(report.ranks_table(ranks) + "\n")
        click.echo(report.table(results, asked.confidence))


def _on_data(data: Path, asked: _Asked, on_progress: Progress) -> list[Result]:
    from engine.errors import CaptionsError
    from engine.evaluation.report import Result, Through
    from engine.evaluation.tasks import Task, trials
    from engine.paths import shown
    from engine.training.data import layouts

    posed = trials(layouts.read(data, asked.split), [Task(name) for name in asked.tasks])
    if not posed:
        raise CaptionsError(
            "There is nothing to evaluate",
            f"{shown(data)} has nothing for {', '.join(asked.tasks)}.",
            data,
        )
    # The library comes first: its figures are those of the outermost keys of the JSON.
    ways = [way for way in (Through.LIBRARY, Through.ENCODER) if asked.through in (way, "both")]
    return [
        Result.of(model, way, (trial.task, trial.language), answers, asked.confidence)
        for model in dict.fromkeys(asked.models or ["starter"])
        for way in ways
        for trial, answers in zip(posed, _answers(model, way, posed, on_progress), strict=True)
    ]


def _answers(
    model: str, way: Through, trials: Sequence[Trial], on_progress: Progress
) -> list[Answers]:
    from engine.evaluation import encoder, stack
    from engine.evaluation.report import Through
    from engine.models import catalog

    if way is Through.LIBRARY:
        return stack.answer(model, trials, on_progress)
    loaded = catalog.load(model)
    try:
        return encoder.answer(loaded, trials, on_progress)
    finally:
        loaded.close()


def _on_marks(
    home: Home, marked: Sequence[Mark], asked: _Asked, on_progress: Progress
) -> list[Result]:
    from engine import settings
    from engine.evaluation import marks
    from engine.evaluation.report import Result, Through
    from engine.evaluation.tasks import ANY

    return [
        Result.of(
            model,
            Through.LIBRARY,
            (marks.TASK, ANY),
            marks.answer(home, model, marked, on_progress),
            asked.confidence,
        )
        for model in dict.fromkeys(asked.models or [settings.load(home).model])
    ]
