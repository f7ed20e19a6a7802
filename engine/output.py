"""What commands share: how they print hits, show how far something is, and take Ctrl+C."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from tqdm import tqdm

from engine.paths import shown_inside
from engine.readings import Details
from engine.search_records import Hit, SearchResult


def hit_as_json(hit: Hit) -> dict[str, object]:
    """A hit as `search --json` and `similar --json` print it."""
    return {
        "path": os.fspath(hit.path),
        "folder": os.fspath(hit.folder),
        "kind": hit.kind,
        "score": round(hit.score, 4),
        "band": hit.band,
        "snippet": hit.snippet,
        "retrievers": [
            {"name": m.retriever, "rank": m.rank, "score": round(m.score, 4), "detail": m.detail}
            for m in hit.matches
        ],
        "date": hit.shown_at.isoformat(),
        "member": hit.member,
        "page": hit.spot.page,
        "second": hit.spot.second,
        "section": hit.section,
        **_details_as_json(hit.details),
        "size_bytes": hit.size_bytes,
        "copies": hit.copies,
        "online": hit.online,
        "problem": hit.problem,
    }


def _details_as_json(details: Details) -> dict[str, object]:
    told = dataclasses.asdict(details)
    told["taken_at"] = details.taken_at.isoformat() if details.taken_at else None
    return told


def counted(number: int, noun: str) -> str:
    """A number of things, in words: "1 page", "1,200 pages"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_hits(result: SearchResult) -> None:
    """Prints hits for people, a line each."""
    for hit in result.hits:
        snippet = f"\t{' '.join(hit.snippet.split())[:100]}" if hit.snippet else ""
        click.echo(f"{hit.score:4.0%} {hit.band:6} {_where(hit)}{snippet}")
    if not result.hits:
        click.echo("Nothing found.", err=True)


def _where(hit: Hit) -> str:
    """The file, what is inside it, and the page or the second."""
    where = shown_inside(hit.path, hit.member)
    if hit.spot.page is not None:
        where += f", p. {hit.spot.page}"
    if hit.spot.second is not None:
        where += f", at {hit.spot.second:.0f} s"
    return where


def print_json(value: object) -> None:
    """Prints a value as JSON."""
    click.echo(json.dumps(value, indent=2))


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for each thing that is done, one after the other, where there is a terminal.

    Gives what is called with what is done, how much of it, and of how much.
    """
    bar: Any = None
    doing = ""

    def on_progress(what: str, done: int, total: int) -> None:
        nonlocal bar, doing
        if what != doing or done < bar.n:
            if bar is not None:
                bar.close()
            doing = what
            bar = tqdm(desc=what, initial=done, file=sys.stderr, disable=None, dynamic_ncols=True)
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield on_progress
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Lets what is in hand be finished after Ctrl+C; a second one stops at once.

    Gives what tells whether it was pressed.
    """
    asked = False

    def on_interrupt(_signal: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    former = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, former)
