"""The command line: index | search | similar | folders | models | doctor | read | eval | train."""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from engine import output
from engine.commands.models import models
from engine.commands.read import read_files
from engine.commands.training import train
from engine.errors import KeepsightError
from engine.evaluation.command import evaluate
from engine.events import Phase
from engine.paths import Home, shown, shown_inside
from engine.readings import Kind
from engine.search_records import Query

OpenWindow = Callable[[Home, tuple[Path, ...]], int]


class _Group(click.Group):
    """Prints a KeepsightError as what it is, instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeepsightError as error:
            raise click.ClickException(f"{error.title}. {error.message}") from error


class _PathType(click.Path):
    """A path as the file system has it, bytes of no encoding included."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)


PATH = _PathType()


def command_line(open_window: OpenWindow, arguments: Sequence[str] | None = None) -> None:
    """Runs the command that `arguments`, or those of the process, name; exits with its status."""
    _commands(obj={"open_window": open_window}, args=arguments, prog_name="keepsight")


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--home",
    type=PATH,
    envvar="KEEPSIGHT_HOME",
    help="Keep everything of this library under one directory.",
)
@click.option("-v", "--verbose", is_flag=True, help="Tell more of what happens.")
@click.version_option(package_name="keepsight")
@click.pass_context
def _commands(ctx: click.Context, home: Path | None, verbose: bool) -> None:
    """Find any photo or document on your computer by describing it. Offline. Private.

    Without a command, the window opens.
    """
    _replace_unprintable()
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR,
        format="%(levelname)s %(name)s: %(message)s",
    )
    ctx.obj["home"] = Home.at(home) if home else Home.default()
    if ctx.invoked_subcommand is None:
        ctx.exit(ctx.obj["open_window"](ctx.obj["home"], ()))


@_commands.command()
@click.argument("folders", nargs=-1, type=PATH)
@click.pass_context
def window(ctx: click.Context, folders: tuple[Path, ...]) -> None:
    """Open the window, and watch FOLDERS from now on."""
    ctx.exit(ctx.obj["open_window"](ctx.obj["home"], folders))


@_commands.command()
@click.argument("folders", nargs=-1, required=True, type=PATH)
@click.option("--closer", is_flag=True, help="Look at parts of photos too: four times the work.")
@click.option("--recognise", is_flag=True, help="Look for text in photos and scans too: slow.")
@click.pass_obj
def index(obj: dict[str, Any], folders: tuple[Path, ...], closer: bool, recognise: bool) -> None:
    """Index the photos, documents and videos of FOLDERS, and remember these.

    It may be interrupted at any moment; the next run goes on from there.
    """
    from engine.library import Library

    with Library.open(obj["home"]) as library, output.interruptible() as interrupted:
        with tqdm(unit="file", file=sys.stderr, disable=None, dynamic_ncols=True) as bar:
            read = library.progress
            for progress in library.index(folders, recognises_text=recognise, looks_closer=closer):
                if progress.phase not in _NOT_OF_FILES:
                    read = progress
                bar.set_description_str(_DOING.get(progress.phase, "Indexing"))
                bar.total = progress.total
                bar.update(progress.done - bar.n)
                if interrupted():
                    break
        counts = library.counts()
        click.echo(
            f"{output.counted(read.done, 'file')} read, {read.skipped:,} of them skipped. "
            f"The library has {output.counted(counts.photos, 'photo')}, "
            f"{output.counted(counts.documents, 'document')} and "
            f"{output.counted(counts.videos, 'video')}.",
            err=True,
        )
        if interrupted():
            click.echo(f"Interrupted; {counts.waiting:,} files wait for the next run.", err=True)
        elif read.skipped:
            click.echo("`keepsight doctor` tells which files were skipped and why.", err=True)


_DOING = {
    Phase.SCANNING: "Looking",
    Phase.PREPARING: "Preparing the next model",
    Phase.LOOKING_CLOSER: "Looking closer at photos",
    Phase.RECOGNISING: "Reading text in pictures",
}
_NOT_OF_FILES = (Phase.PREPARING, Phase.LOOKING_CLOSER, Phase.RECOGNISING)
_limit = click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(min=1))
_kind = click.option("--type", "kind", type=click.Choice([k.value for k in Kind]))
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@_commands.command()
@click.argument("query")
@click.option("--picture", type=PATH, help="A picture to search with, besides the words.")
@_limit
@_kind
@_json
@click.pass_obj
def search(
    obj: dict[str, Any],
    query: str,
    picture: Path | None,
    limit: int,
    kind: str | None,
    as_json: bool,
) -> None:
    """Find photos and documents by a description.

    QUERY may hold filters: type:photo in:Trips after:2023 before:2024-06 ext:jpg "exact words".
    """
    _answer(obj, Query(query, picture, kind=Kind(kind) if kind else None, limit=limit), as_json)


@_commands.command()
@click.argument("file", type=PATH)
@_limit
@_kind
@_json
@click.pass_obj
def similar(obj: dict[str, Any], file: Path, limit: int, kind: str | None, as_json: bool) -> None:
    """Find what looks or reads like FILE, a photo or a document anywhere on this computer."""
    _answer(obj, Query(picture=file, kind=Kind(kind) if kind else None, limit=limit), as_json)


@_commands.command()
@click.option("--remove", "removed", type=PATH, help="Forget this folder; its files stay.")
@_json
@click.pass_obj
def folders(obj: dict[str, Any], removed: Path | None, as_json: bool) -> None:
    """List the watched folders, or forget one."""
    from engine.library import Library

    with Library.open(obj["home"]) as library:
        if removed is not None:
            path = Path(os.path.abspath(removed))  # noqa: PTH100 - links stay as they are named
            known = next((f for f in library.folders() if f.path == path), None)
            if known is None:
                raise click.ClickException(f"{shown(path)} is not watched.")
            library.remove_folder(known.id)
        listed = library.folders()
    if as_json:
        output.print_json([dataclasses.asdict(f) | {"path": os.fspath(f.path)} for f in listed])
        return
    for folder in listed:
        click.echo(
            f"{shown(folder.path)}\t{folder.state}\t{folder.indexed:,} of {folder.files:,} indexed"
        )
    if not listed:
        click.echo("No folder is watched yet: keepsight index FOLDER", err=True)


@_commands.command()
@_json
@click.pass_obj
def doctor(obj: dict[str, Any], as_json: bool) -> None:
    """Account for every file: how many are indexed, and why the others are not."""
    from engine.library import Library

    with Library.open(obj["home"]) as library:
        counts, skips, problems = library.counts(), library.skips(), library.problems()
        left_out = library.left_out()
    if as_json:
        output.print_json(
            {
                "files": counts.files,
                "indexed": counts.indexed,
                "waiting": counts.waiting,
                "companions": counts.companions,
                "offline": counts.offline,
                "problems": [dataclasses.asdict(problem) for problem in problems],
                "skipped": [
                    {
                        "path": os.fspath(skip.path),
                        "member": skip.member,
                        "reason": skip.reason,
                        "detail": skip.detail,
                        "attempts": skip.attempts,
                        "skipped_at": skip.skipped_at.isoformat(),
                    }
                    for skip in skips
                ],
                "left_out": [
                    {"path": os.fspath(each.path), "is_folder": each.is_folder} for each in left_out
                ],
            }
        )
        return
    click.echo(
        f"{counts.files:,} files: {counts.indexed:,} indexed, {counts.waiting:,} waiting, "
        f"{counts.skipped:,} skipped, {counts.companions:,} shown with another, "
        f"{counts.offline:,} on drives that are not there"
    )
    folders = [each.path for each in left_out if each.is_folder]
    click.echo(
        f"Beside these, {output.counted(len(folders), 'folder')} and "
        f"{output.counted(len(left_out) - len(folders), 'file')} are left out: hidden ones, "
        "caches, bins, and what programs keep for themselves"
    )
    for problem in problems:
        click.echo(f"{problem.title}. {problem.message}")
    for skip in skips:
        click.echo(f"{skip.reason}\t{shown_inside(skip.path, skip.member)}\t{skip.detail}")
    for path in folders:
        click.echo(f"left out\t{shown(path)}\tThis folder, with all in it, is not looked at.")


_commands.add_command(evaluate)
_commands.add_command(models)
_commands.add_command(read_files)
_commands.add_command(train)


def _answer(obj: dict[str, Any], query: Query, as_json: bool) -> None:
    from engine.library import Library

    with Library.open(obj["home"]) as library:
        result = library.search(query)
        is_empty = not library.counts().files
    if as_json:
        output.print_json([output.hit_as_json(hit) for hit in result.hits])
    else:
        output.print_hits(result)
    if result.unknown_words:
        click.echo(f"The model does not know: {' '.join(result.unknown_words)}", err=True)
    if result.skipped:
        names = ", ".join(shown_inside(skip.path, skip.member) for skip in result.skips)
        more = ", …" if result.skipped > len(result.skips) else ""
        skipped = "was skipped" if result.skipped == 1 else "were skipped"
        click.echo(
            f"{output.counted(result.skipped, 'file')} of this name {skipped}: {names}{more} "
            "(`keepsight doctor` tells why)",
            err=True,
        )
    if result.no_filters:
        click.echo(f"Not a filter, searched for as words: {' '.join(result.no_filters)}", err=True)
    if is_empty:
        click.echo("The library is empty: keepsight index FOLDER", err=True)


def _replace_unprintable() -> None:
    """Names of no encoding are printed with their bytes escaped, rather than not at all."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
