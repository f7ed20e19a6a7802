"""What `keepsight models` does: lists, recommends, fetches, moves, removes and uses models."""

from __future__ import annotations

import dataclasses
import locale
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from engine import output, settings
from engine.errors import ModelError
from engine.models.shelf.choices import Choice, choices
from engine.models.shelf.importing import export_model, import_model
from engine.models.shelf.installed import InstalledModel, ModelStore
from engine.models.shelf.installing import OnBytes, install, wanted
from engine.models.shelf.ledger import Ledger
from engine.models.shelf.room import in_words
from engine.paths import Home, shown

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
        _use(ctx.obj["home"], chosen)
    _list(ctx.obj["home"], as_json)


@models.command("list")
@_json
@click.pass_obj
def list_models(obj: dict[str, Any], as_json: bool) -> None:
    """List the models: the one in use first, then the others here, then those to install."""
    _list(obj["home"], as_json)


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
    from engine.models_advice import advise

    advice, spoken = advise(obj["home"], languages or (_language(),), photos)
    if as_json:
        output.print_json([dataclasses.asdict(one) for one in advice])
        return
    click.echo(spoken, err=True)
    for one in advice:
        mark = "suits" if one.suits else "-"
        click.echo(f"{mark}\t{one.choice.name}\t{'; '.join(one.reasons)}\t{one.choice.licence}")


@models.command("install")
@click.argument("name")
@click.pass_obj
def install_model(obj: dict[str, Any], name: str) -> None:
    """Download a model: a NAME of the list, or ARCHITECTURE/WEIGHTS as OpenCLIP has it.

    Ctrl+C stops it; the same command goes on from there. It is the only command that opens a
    connection.
    """
    home = obj["home"].create()
    asked = wanted(name)
    with output.interruptible() as interrupted, _bytes_bar(f"Fetching {asked.name}") as on_bytes:
        installed = install(_store(home), _ledger(home), asked, on_bytes, interrupted)
    _measure_forms(home, installed)
    _tell_installed(installed)


@models.command("import")
@click.argument("source", type=_PATH)
@click.option("--name", help="What to call it; by default as the file or folder.")
@click.option("--architecture", default="", help="Of a checkpoint: OpenCLIP's name, as ViT-B-32.")
@click.pass_obj
def import_from(obj: dict[str, Any], source: Path, name: str | None, architecture: str) -> None:
    """Install a model from SOURCE: what `export` wrote, a folder of OpenCLIP's, or a checkpoint."""
    home = obj["home"].create()
    called = name or re.sub(r"[^A-Za-z0-9._-]+", "-", source.absolute().stem).strip(".-_")
    with output.interruptible() as interrupted, _bytes_bar(f"Importing {called}") as on_bytes:
        installed = import_model(_store(home), source, called, architecture, on_bytes, interrupted)
    _measure_forms(home, installed)
    _tell_installed(installed)


@models.command("export")
@click.argument("name")
@click.argument("file", type=_PATH)
@click.pass_obj
def export_to(obj: dict[str, Any], name: str, file: Path) -> None:
    """Write an installed model into FILE, to import it on a computer that never goes online."""
    with _bytes_bar(f"Exporting {name}") as on_bytes:
        export_model(_store(obj["home"]), name, file.absolute(), on_bytes)
    click.echo(f"On the other computer: keepsight models import {shown(file.name)}", err=True)


@models.command()
@click.argument("name")
@click.pass_obj
def remove(obj: dict[str, Any], name: str) -> None:
    """Delete an installed model, and what an unfinished installation of it left."""
    home = obj["home"].create()
    store = _store(home)
    chosen = settings.load(home)
    if store.resolve(name) in (store.resolve(chosen.model), store.resolve(chosen.next_model)):
        raise ModelError(
            "The model is in use",
            f"Use another before you remove {name}: keepsight models use starter, and index.",
        )
    if not store.remove(name):
        raise ModelError("There is no such model here", f"“{name}” is not installed.")
    click.echo(f"{name} is removed.", err=True)


@models.command()
@click.argument("name")
@click.option("--mix", is_flag=True, help="Ask it already for what it has, until it is complete.")
@click.pass_obj
def use(obj: dict[str, Any], name: str, mix: bool) -> None:
    """Use an installed model from now on, or starter, or openclip:… for one on your disk."""
    _use(obj["home"], name, mix=mix)


@models.command()
@_json
@click.pass_obj
def ledger(obj: dict[str, Any], as_json: bool) -> None:
    """List every request that ever left this computer for Keepsight."""
    requests = _ledger(obj["home"]).requests()
    if as_json:
        output.print_json([dataclasses.asdict(request) for request in requests])
        return
    for request in requests:
        received = in_words(request.received_bytes)
        click.echo(f"{request.when}\t{request.host}\t{request.why}\t{received}\t{request.outcome}")
    if not requests:
        click.echo("Nothing ever opened a connection.", err=True)


def _use(home: Home, name: str, *, mix: bool = False) -> None:
    from engine.library import choose_model

    store = _store(home)
    if store.resolve(name) != name:
        store.model(name)
    card = choose_model(home, name, mixes=mix)
    if settings.load(home).model == name:
        click.echo(f"{card.title} is used from now on.", err=True)
        return
    click.echo(
        f"{card.title} takes over once all photos and passages are encoded under it: the window "
        "does that, or `keepsight index` on a folder. Until then the present model answers.",
        err=True,
    )


def _list(home: Home, as_json: bool) -> None:
    rows = list(_rows(home))
    if as_json:
        output.print_json(rows)
        return
    for row in rows:
        size = in_words(row["size_bytes"]) if row["size_bytes"] else ""
        languages = _in_short(row["languages"])
        told = (row["state"], row["name"], row["title"], size, languages, row["licence"])
        click.echo("\t".join(told) + (f"\t{row['problem']}" if row["problem"] else ""))


def _rows(home: Home) -> Iterator[dict[str, Any]]:
    """What is listed: `state` says whether it is in use, here, damaged, begun or to be had."""
    from engine.library import Library
    from engine.models import catalog

    store = _store(home)
    problem = ""
    try:
        with Library.open(home) as library:
            cards = library.model_cards()
    except ModelError as error:
        problem = f"{error.title}. {error.message}"
        cards = []
    own = {"problem": "", "size_bytes": 0}
    used = {card.name for card in cards[:1]} or {settings.load(home).model}
    for state, card in zip(("in use", *["built in"] * len(cards)), cards, strict=False):
        yield {"state": state, **dataclasses.asdict(card), **own}
    if problem:
        yield _row("damaged", settings.load(home).model, problem=problem)
        for card in catalog.available():
            yield {"state": "built in", **dataclasses.asdict(card), **own}
    here = store.models()
    for model in here:
        if not used & {model.name, store.resolve(model.name)}:
            yield _installed_row(model)
    for name, size_bytes in store.unfinished():
        yield _row("begun", name, size_bytes=size_bytes, problem="its installation did not end")
    for choice in choices():
        if choice.name not in {model.name for model in here}:
            yield _choice_row(choice)


def _installed_row(model: InstalledModel) -> dict[str, Any]:
    if model.origin is None or model.problem:
        return _row("damaged", model.name, problem=model.problem)
    origin = model.origin
    return _row(
        "installed",
        model.name,
        title=origin.title,
        languages=origin.languages,
        licence=origin.licence,
        size_bytes=model.size_bytes,
    )


def _choice_row(choice: Choice) -> dict[str, Any]:
    return _row("to install", size_bytes=choice.disk_bytes, **dataclasses.asdict(choice))


def _row(state: str, name: str, **more: Any) -> dict[str, Any]:
    empty = {"title": name, "languages": (), "licence": "", "size_bytes": 0, "problem": ""}
    return {"state": state, "name": name, **empty, **more}


def _in_short(languages: tuple[str, ...]) -> str:
    if len(languages) <= 3:
        return ", ".join(languages)
    return f"{', '.join(languages[:2])} and {len(languages) - 2} more"


def _language() -> str:
    """The language of this computer, English where it has none."""
    named = (locale.getlocale()[0] or "").partition("_")[0].lower()
    return named if re.fullmatch("[a-z]{2,3}", named) else "en"


def _measure_forms(home: Home, model: InstalledModel) -> None:
    """Lets the model run as fast as it can here; where that fails, it runs as it came."""
    from engine.models_advice import compile_installed

    try:
        with output.bars() as on_progress:
            plan = compile_installed(
                home, model.name, lambda share, step: on_progress(step, round(100 * share), 100)
            )
    except ModelError as error:
        click.echo(f"{error.title}. {error.message}", err=True)
        return
    for form in plan.measured:
        told = form.refused or f"{form.photos_per_s:.1f} photos/s, {form.query_ms:.0f} ms a query"
        chosen = " (chosen)" if form.form == plan.form else ""
        click.echo(f"{form.form}: {told}{chosen}", err=True)


def _tell_installed(model: InstalledModel) -> None:
    click.echo(
        f"{model.name} is installed ({in_words(model.size_bytes)}). To use it: "
        f"keepsight models use {model.name}",
        err=True,
    )


def _store(home: Home) -> ModelStore:
    return ModelStore(home.models)


def _ledger(home: Home) -> Ledger:
    return Ledger(home.network_ledger)


@contextmanager
def _bytes_bar(doing: str) -> Iterator[OnBytes]:
    options: dict[str, Any] = {"unit": "B", "unit_scale": True, "dynamic_ncols": True}
    with tqdm(desc=doing, file=sys.stderr, disable=None, **options) as bar:

        def on_bytes(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield on_bytes
