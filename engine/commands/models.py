"""What `keepsight models` does: lists, recommends, fetches, moves, removes and uses models."""

from __future__ import annotations

import dataclasses
import locale
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tqdm import tqdm

from engine import output, settings
from engine.errors import ModelError
from engine.model_records import Advised, ModelEntry, Standing
from engine.models.shelf.choices import choice
from engine.models.shelf.room import in_words
from engine.paths import Home, shown

if TYPE_CHECKING:
    from engine.roster.shelf import ModelShelf

OnBytes = Callable[[int, int], None]

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
_PATH = click.Path(path_type=Path)


@click.group(invoke_without_command=True)
@click.option("--use", "chosen", help="Use this model from now on, as `models use` does.")
@_json
@click.pass_context
def models(ctx: click.Context, chosen: str | None, as_json: bool) -> None:
    """List, choose, install and remove models. Without a command, list them."""
    if ctx.invoked_subcommand is not None:
        if chosen is not None or as_json:
            raise click.UsageError("Options go behind the command.")
        return
    if chosen is not None:
        _use(ctx.obj, chosen)
    _list(ctx.obj, as_json)


@models.command("list")
@_json
@click.pass_obj
def list_models(obj: dict[str, Any], as_json: bool) -> None:
    """List the models: the one in use first, then the others here, then those to install."""
    _list(obj, as_json)


@models.command()
@click.option("--language", "languages", multiple=True, help="You search in it: en, zh, …")
@click.option("--photos", type=click.IntRange(min=0), help="So many, instead of the library's.")
@_json
@click.pass_obj
def recommend(
    obj: dict[str, Any], languages: tuple[str, ...], photos: int | None, as_json: bool
) -> None:
    """Tell which models suit this computer, your languages and your photos, best first.

    Some of your photos are read and timed, so that the time to index is an estimate for you.
    """
    with _shelf(obj) as shelf:
        found = shelf.recommend(languages or (_language(),), photos)
    if as_json:
        output.print_json([_advised_row(one) for one in found.advised])
        return
    click.echo(found.based_on, err=True)
    for one in found.advised:
        mark = "suits" if one.suits else "-"
        click.echo(f"{mark}\t{one.name}\t{'; '.join(one.reasons)}\t{choice(one.name).licence}")


@models.command("install")
@click.argument("name")
@click.pass_obj
def install_model(obj: dict[str, Any], name: str) -> None:
    """Download a model: a NAME of the list, or ARCHITECTURE/WEIGHTS as OpenCLIP has it.

    Ctrl+C stops it; the same command goes on from there. It is the only command that opens a
    connection.
    """
    with (
        _shelf(obj) as shelf,
        output.interruptible() as interrupted,
        _bytes_bar(f"Fetching {name}") as on_bytes,
    ):
        installed = shelf.install(name, on_bytes, interrupted)
        _measure_and_tell(shelf, installed.name, installed.size_bytes)


@models.command("import")
@click.argument("source", type=_PATH)
@click.option("--name", help="What to call it; by default as the file or folder.")
@click.option("--architecture", default="", help="Of a checkpoint: OpenCLIP's name, as ViT-B-32.")
@click.pass_obj
def import_from(obj: dict[str, Any], source: Path, name: str | None, architecture: str) -> None:
    """Install a model from SOURCE: what `export` wrote, a folder of OpenCLIP's, or a checkpoint."""
    with (
        _shelf(obj) as shelf,
        output.interruptible() as interrupted,
        _bytes_bar(f"Importing {name or shown(source.name)}") as on_bytes,
    ):
        installed = shelf.import_from(source, name or "", architecture, on_bytes, interrupted)
        _measure_and_tell(shelf, installed.name, installed.size_bytes)


@models.command("export")
@click.argument("name")
@click.argument("file", type=_PATH)
@click.pass_obj
def export_to(obj: dict[str, Any], name: str, file: Path) -> None:
    """Write an installed model into FILE, to import it on a computer that never goes online."""
    with _shelf(obj) as shelf, _bytes_bar(f"Exporting {name}") as on_bytes:
        shelf.export(name, file.absolute(), on_bytes)
    click.echo(f"On the other computer: keepsight models import {shown(file.name)}", err=True)


@models.command()
@click.argument("name")
@click.pass_obj
def remove(obj: dict[str, Any], name: str) -> None:
    """Delete an installed model, and what an unfinished installation of it left."""
    with _shelf(obj) as shelf:
        shelf.remove(name)
    click.echo(f"{name} is removed.", err=True)


@models.command()
@click.argument("name")
@click.pass_obj
def drop(obj: dict[str, Any], name: str) -> None:
    """Erase what a model that is not in use has encoded; a way back to it then takes time again."""
    with _shelf(obj) as shelf:
        size_bytes = shelf.drop(name)
    click.echo(f"What {name} had encoded is erased ({in_words(size_bytes)}).", err=True)


@models.command()
@click.argument("name")
@click.option("--mix", is_flag=True, help="Ask it already for what it has, until it is complete.")
@click.pass_obj
def use(obj: dict[str, Any], name: str, mix: bool) -> None:
    """Use an installed model from now on, or starter, or openclip:… for one on your disk."""
    _use(obj, name, mix=mix)


@models.command()
@_json
@click.pass_obj
def ledger(obj: dict[str, Any], as_json: bool) -> None:
    """List every request that ever left this computer for Keepsight."""
    with _shelf(obj) as shelf:
        requests = shelf.sent()
    if as_json:
        output.print_json([dataclasses.asdict(request) for request in requests])
        return
    for request in requests:
        received = in_words(request.received_bytes)
        click.echo(f"{request.when}\t{request.host}\t{request.why}\t{received}\t{request.outcome}")
    if not requests:
        click.echo("Nothing ever opened a connection.", err=True)


def _use(obj: dict[str, Any], name: str, *, mix: bool = False) -> None:
    with _shelf(obj) as shelf:
        card = shelf.use(name, mixes=mix)
    if settings.load(obj["home"]).model == name:
        click.echo(f"{card.title} is used from now on.", err=True)
        return
    click.echo(
        f"{card.title} takes over once all photos and passages are encoded under it: the window "
        "does that, or `keepsight index` on a folder. Until then the present model answers.",
        err=True,
    )


def _list(obj: dict[str, Any], as_json: bool) -> None:
    with _shelf(obj) as shelf:
        overview = shelf.overview()
    rows = [_row(entry) for entry in overview.entries if entry.standing is not Standing.LEFT_OVER]
    if as_json:
        output.print_json(rows)
        return
    for row in rows:
        size = in_words(row["size_bytes"]) if row["size_bytes"] else ""
        languages = _in_short(row["languages"])
        told = (row["state"], row["name"], row["title"], size, languages, row["licence"])
        click.echo("\t".join(told) + (f"\t{row['problem']}" if row["problem"] else ""))
    for entry in overview.entries:
        if entry.kept_bytes:
            click.echo(
                f"What {entry.name} has encoded is kept ({in_words(entry.kept_bytes)}). To erase "
                f"it: keepsight models drop {entry.name}",
                err=True,
            )


def _row(entry: ModelEntry) -> dict[str, Any]:
    """A model as `--json` prints it: what its card or the catalog says of it, too."""
    more: dict[str, Any] = {"title": entry.title}
    if entry.card is not None:
        more = dataclasses.asdict(entry.card)
    elif entry.standing is Standing.TO_INSTALL:
        more = dataclasses.asdict(choice(entry.name))
    return {
        "state": entry.standing,
        "name": entry.name,
        "languages": entry.languages,
        "licence": entry.licence,
        **more,
        "size_bytes": entry.size_bytes,
        "problem": entry.problem,
        "kept_bytes": entry.kept_bytes,
    }


def _advised_row(one: Advised) -> dict[str, Any]:
    more = dataclasses.asdict(one)
    del more["name"]
    return {"choice": dataclasses.asdict(choice(one.name)), **more}


def _in_short(languages: tuple[str, ...]) -> str:
    if len(languages) <= 3:
        return ", ".join(languages)
    return f"{', '.join(languages[:2])} and {len(languages) - 2} more"


def _language() -> str:
    """The language of this computer, English where it has none."""
    named = (locale.getlocale()[0] or "").partition("_")[0].lower()
    return named if re.fullmatch("[a-z]{2,3}", named) else "en"


def _measure_and_tell(shelf: ModelShelf, name: str, size_bytes: int) -> None:
    """Lets a new model run as fast as it can here; where that fails, it runs as it came."""
    try:
        with output.bars() as on_progress:
            plan = shelf.measure(
                name, lambda share, step: on_progress(step, round(100 * share), 100)
            )
    except ModelError as error:
        click.echo(f"{error.title}. {error.message}", err=True)
    else:
        for form in plan.measured:
            told = f"{form.photos_per_s:.1f} photos/s, {form.query_ms:.0f} ms a query"
            chosen = " (chosen)" if form.form == plan.form else ""
            click.echo(f"{form.form}: {form.refused or told}{chosen}", err=True)
    click.echo(
        f"{name} is installed ({in_words(size_bytes)}). To use it: keepsight models use {name}",
        err=True,
    )


@contextmanager
def _shelf(obj: dict[str, Any]) -> Iterator[ModelShelf]:
    """The door to the models of the home that was asked for."""
    from engine.readers.isolation import reader_workers
    from engine.roster.shelf import ModelShelf

    home: Home = obj["home"]
    with ModelShelf.open(home, reader_workers()) as shelf:
        yield shelf


@contextmanager
def _bytes_bar(doing: str) -> Iterator[OnBytes]:
    options: dict[str, Any] = {"unit": "B", "unit_scale": True, "dynamic_ncols": True}
    with tqdm(desc=doing, file=sys.stderr, disable=None, **options) as bar:

        def on_bytes(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield on_bytes
