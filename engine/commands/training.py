"""The command `keepsight train`: trains a model by a recipe, or teaches the one in use."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import output
from engine.errors import KeepsightError, pip_command
from engine.models.openclip.spec import PREFIX
from engine.paths import shown

if TYPE_CHECKING:
    from engine.training.publishing.runs import RunRecord
    from engine.training.recipe import Recipe
    from engine.training.run import Outcome, Place
    from engine.training.trainer import Position

_Progress = Callable[[str, int, int], None]
_PATH = click.Path(path_type=Path)
_PACKAGES = ("msgspec", "onnx", "onnxscript", "tflite")
_OF_ADAPTERS = ("feedback", "remove")
_OF_RECIPES = ("data", "out", "seed", "device", "threads", "cache", "runs")
_INTERRUPTED = 130
"""The status of a process that SIGINT ended, as shells have it."""

LIMITS = "limits.md"
"""Beside a recipe: what its model cannot do, for the card."""

MODEL = "model"
"""The folder inside the run's that the finished model is in."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The command's argument and options."""

    file: Path | None
    data: Path | None
    out: Path | None
    seed: int | None
    device: str | None
    threads: int | None
    cache: Path | None
    runs: Path | None
    adapter: bool
    feedback: Path | None
    remove: bool
    as_json: bool


@click.command()
@click.argument("file", required=False, type=_PATH, metavar="[RECIPE | CAPTIONS]")
@click.option("--data", type=_PATH, help="The folder that the recipe's paths are relative to.")
@click.option("--out", type=_PATH, help="Keep the run, and its finished model, in this folder.")
@click.option("--seed", type=int, help="Draw at random from this seed, not the recipe's.")
@click.option("--device", help="Train on cpu, cuda or mps; cuda by default where there is one.")
@click.option("--threads", type=click.IntRange(min=1), help="Use that many threads on the CPU.")
@click.option(
    "--cache", type=_PATH, help="Keep what runs can share here; beside the run's by default."
)
@click.option("--runs", type=_PATH, help="List the run in this file; runs.jsonl beside the run's.")
@click.option("--adapter", is_flag=True, help="Teach the model in use your own words instead.")
@click.option("--feedback", type=_PATH, help="Learn from what you liked and rejected.")
@click.option("--remove", is_flag=True, help="Remove the adapter.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> None:
    """Train a model by RECIPE; or, with --adapter, teach the one in use your words by CAPTIONS.

    Training may be interrupted at any moment; the same command goes on from the last checkpoint.
    An adapter is small, fitted in seconds, and can be removed; without CAPTIONS and --feedback,
    the one in use is told of.
    """
    asked = _Asked(**options)
    if asked.adapter:
        _refuse(asked, _OF_RECIPES, "not meant for an adapter")
        from engine.commands.adapter import run_adapter

        home = ctx.obj["home"]
        run_adapter(home, asked.file, asked.feedback, asked.remove, asked.as_json)
        return
    _refuse(asked, _OF_ADAPTERS, "meant for --adapter")
    if asked.file is None or asked.data is None or asked.out is None:
        raise click.UsageError("Give RECIPE, --data and --out; or --adapter.")
    _require_packages()
    _Training(asked, asked.file, asked.data, asked.out).run(ctx)


class _Training:
    """One sitting of a run: from its start, or from where the last one ended."""

    def __init__(self, asked: _Asked, file: Path, data: Path, out: Path) -> None:
        import msgspec

        from engine.training import recipe
        from engine.training.run import Place

        plan = recipe.read(file)
        if asked.seed is not None:
            plan = msgspec.structs.replace(plan, seed=asked.seed)
        self._asked = asked
        self._file = file
        self._recipe: Recipe = plan
        self._place: Place = Place(
            data=data,
            folder=out,
            cache=asked.cache or out.parent / "cache",
            device=_device(asked.device, asked.threads),
        )
        self._listed = asked.runs or out.parent / "runs.jsonl"
        self._began = datetime.now().astimezone().date().isoformat()

    def run(self, ctx: click.Context) -> None:
        """Trains, lists the run, publishes the model and tells its figures."""
        with output.bars() as on_progress, output.interruptible() as is_interrupted:

            def stoppable(what: str, done: int, total: int) -> None:
                on_progress(what, done, total)
                if is_interrupted():
                    raise KeyboardInterrupt

            try:
                outcome = self._train(stoppable)
                record = self._note(outcome.position)
                self._publish(outcome, record, stoppable)
            except KeyboardInterrupt:
                stopped = True
            else:
                stopped = False
        if stopped:
            self._tell_stopped()
            ctx.exit(_INTERRUPTED)
        self._tell(outcome.position)

    def _train(self, on_progress: _Progress) -> Outcome:
        from engine.training import run

        try:
            return run.train(self._recipe, self._place, on_progress)
        except BaseException as error:
            self._note_failure(error)
            raise

    def _publish(self, outcome: Outcome, record: RunRecord, on_progress: _Progress) -> None:
        from engine.training.networks.openclip import OpenClipTowers
        from engine.training.publishing import publish, runs

        folder = self._place.folder / MODEL
        if isinstance(outcome.encoder, OpenClipTowers):
            outcome.encoder.save(folder)
            return
        trained = publish.Trained(
            recipe=self._recipe,
            encoder=outcome.encoder,
            tokenizer=outcome.encoder.tokenizer,
            record=record,
            runs=runs.read(self._listed),
            command=self._command(),
            limits=_limits(self._file),
        )
        publish.publish(trained, self._place.data, folder, outcome.data, on_progress=on_progress)

    def _command(self) -> str:
        """What makes the model again, without the names of folders, which are a person's own."""
        seed = f" --seed {self._recipe.seed}" if self._asked.seed is not None else ""
        return f"keepsight train {shlex.quote(self._file.name)} --data DATA --out FOLDER{seed}"

    def _note(self, position: Position) -> RunRecord:
        """Lists the run, unless it had ended before, and was listed, and only publishes again."""
        from engine.training.publishing import runs

        ended = runs.STOPPED_EARLY if position.stopped_early else runs.FINISHED
        record = self._record(position, ended)
        for known in runs.read(self._listed):
            if (known.name, known.seed, known.steps, known.dev, known.ended) == (
                record.name,
                record.seed,
                record.steps,
                record.dev,
                record.ended,
            ):
                return known
        runs.append(self._listed, record)
        # Equal to what is read later, as the record itself is not: lists are tuples in it.
        return runs.read(self._listed)[-1]

    def _note_failure(self, error: BaseException) -> None:
        from engine.training import run
        from engine.training.publishing import runs

        position = run.reached(self._recipe, self._place.folder)
        if isinstance(error, KeepsightError) and not position.steps:
            return  # nothing was tried yet: the recipe or its data must be put right first
        if isinstance(error, KeyboardInterrupt):
            reason = "interrupted"
        elif isinstance(error, KeepsightError):
            reason = error.title
        else:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
        runs.append(self._listed, self._record(position, runs.failed(reason)))

    def _record(self, position: Position, ended: str) -> RunRecord:
        from engine.training import recipe
        from engine.training.publishing.runs import RunRecord

        return RunRecord(
            name=self._recipe.name,
            what=self._recipe.what or self._recipe.title,
            when=self._began,
            seed=self._recipe.seed,
            seconds=round(position.seconds, 1),
            machine=_machine(self._place.device),
            steps=position.steps,
            photos_seen=position.photos,
            ended=ended,
            dev=position.figures,
            recipe=recipe.as_json(self._recipe),
        )

    def _tell_stopped(self) -> None:
        from engine.training import run

        steps = run.reached(self._recipe, self._place.folder).steps
        if steps:
            click.echo(
                f"Stopped; a checkpoint after {steps:,} steps is kept. The same command goes on "
                "from there.",
                err=True,
            )
        else:
            click.echo(
                "Stopped before the first checkpoint; the same command begins anew.", err=True
            )

    def _tell(self, position: Position) -> None:
        folder = self._place.folder / MODEL
        use = f"{PREFIX}{folder.absolute()}" if self._recipe.towers.openclip else None
        if self._asked.as_json:
            told = {
                "model": str(folder),
                "use": use,
                "dev": {name: round(value, 2) for name, value in position.figures.items()},
                "steps": position.steps,
                "photos_seen": position.photos,
                "seconds": round(position.seconds, 1),
                "stopped_early": position.stopped_early,
            }
            output.print_json(told)
            return
        width = max(map(len, position.figures), default=0)
        for name, value in position.figures.items():
            click.echo(f"{name:{width}}  {value:5.1f} %")
        click.echo(f"The model is in {shown(folder)}.", err=True)
        if use:
            click.echo(f"To use it: keepsight models --use {shlex.quote(use)}", err=True)


def _limits(file: Path) -> str | None:
    """What a person wrote beside the recipe about the model's limits, for its card."""
    beside = file.with_name(LIMITS)
    return beside.read_text(encoding="utf-8") if beside.is_file() else None


def _refuse(asked: _Asked, names: tuple[str, ...], why: str) -> None:
    for name in names:
        given = getattr(asked, name)
        if given is not None and given is not False:
            raise click.UsageError(f"--{name} is {why}.")


def _require_packages() -> None:
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise KeepsightError(
            "Training takes more packages",
            f"{', '.join(missing)} cannot be found. Install: {pip_command(missing)}",
        )


def _device(named: str | None, threads: int | None) -> str:
    """The device to train on, which is there. Raises click.BadParameter."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    if named is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=named).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = (str(error).splitlines() or ["it is not there."])[0]
        raise click.BadParameter(f"{named}: {reason}", param_hint="--device") from error
    return named


def _machine(device: str) -> str:
    import torch

    if torch.device(device).type == "cuda":
        return str(torch.cuda.get_device_name(device))
    threads = torch.get_num_threads()
    cores = f"{threads} core{'s' if threads > 1 else ''}"
    return cores if device == "cpu" else f"{device}, {cores}"
