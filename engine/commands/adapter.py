"""What `keepsight train --adapter` does: a person's own words are taught, told of or forgotten."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from engine import output
from engine.paths import Home

if TYPE_CHECKING:
    from engine.training.adapters.adapter import Adapter

_NAMES = {
    "liked_above_rejected": "liked above rejected",
    "recall@10": "right photo among the first 10",
    "mrr": "mean reciprocal rank",
    "median_rank": "median rank of the right photo",
}


def run_adapter(
    home: Home, captions: Path | None, feedback: Path | None, remove: bool, as_json: bool
) -> None:
    """Fits an adapter to captions, feedback or both; or removes it; or else tells what is in use.

    Prints the figures before and after. Raises click.UsageError, CaptionsError or ModelError, with
    what was in use left as it was.
    """
    if remove and (captions is not None or feedback is not None):
        raise click.UsageError("--remove takes neither captions nor feedback.")
    from engine.library import Library

    with Library.open(home) as library:
        if remove:
            _tell_removed(library.own_words.remove(), as_json)
            return
        if captions is None and feedback is None:
            for problem in library.problems():
                click.echo(f"{problem.title}. {problem.message}", err=True)
            _tell(library.own_words.adapter, as_json)
            return
        judgements = _judgements(captions, feedback)
        with tqdm(file=sys.stderr, disable=None, dynamic_ncols=True) as bar:

            def on_progress(what: str, done: int, total: int) -> None:
                bar.set_description_str(what)
                bar.total = total
                bar.n = done
                bar.refresh()

            adapter = library.own_words.fit(judgements, on_progress)
    _tell(adapter, as_json)


def _judgements(captions: Path | None, feedback: Path | None) -> list[Any]:
    from engine.training.adapters.judgements import of_captions, read_feedback
    from engine.training.data.layouts import read_captions

    found = of_captions(read_captions(captions)) if captions is not None else []
    return found + (read_feedback(feedback) if feedback is not None else [])


def _tell(adapter: Adapter | None, as_json: bool) -> None:
    if as_json:
        told = dataclasses.asdict(adapter.measured) if adapter is not None else {}
        output.print_json({"in_use": adapter is not None, **told})
        return
    if adapter is None:
        click.echo(
            "No adapter is in use: keepsight train --adapter CAPTIONS, or --feedback FILE.",
            err=True,
        )
        return
    measured = adapter.measured
    click.echo(f"Learnt from {measured.queries:,} queries and {measured.photos:,} photos.")
    click.echo("For photos that were held out:")
    for name, before in measured.before.items():
        unit = "" if name == "median_rank" else " %"
        click.echo(f"  {_NAMES[name]}: {before:g}{unit} before, {measured.after[name]:g}{unit} now")
    click.echo(f"Of the first 10 photos for everyday words, {measured.kept:g} % stay.")
    click.echo("To undo it: keepsight train --adapter --remove", err=True)


def _tell_removed(removed: bool, as_json: bool) -> None:
    if as_json:
        output.print_json({"in_use": False, "removed": removed})
    elif removed:
        click.echo("The adapter is removed; searches give what they gave before.")
    else:
        click.echo("There was no adapter.", err=True)
