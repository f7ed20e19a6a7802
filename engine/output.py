"""How the command line prints hits: as JSON for scripts, as lines for people."""

from __future__ import annotations

import json
import os

import click

from engine.paths import shown
from engine.records import Hit, SearchResult


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
        "width": hit.width,
        "height": hit.height,
        "camera": hit.camera,
        "title": hit.title,
        "size_bytes": hit.size_bytes,
        "copies": hit.copies,
        "online": hit.online,
    }


def print_hits(result: SearchResult) -> None:
    """Prints hits for people, a line each."""
    for hit in result.hits:
        snippet = f"\t{' '.join(hit.snippet.split())[:100]}" if hit.snippet else ""
        click.echo(f"{hit.score:4.0%} {hit.band:6} {shown(hit.path)}{snippet}")
    if not result.hits:
        click.echo("Nothing found.", err=True)


def print_json(value: object) -> None:
    """Prints a value as JSON."""
    click.echo(json.dumps(value, indent=2))
