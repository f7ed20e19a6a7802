"""What `keepsight read` does: tells what is read from files, without a library."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from engine import output
from engine.paths import shown
from engine.readings import PixelSpec, ReadFailure, Reading

_SPEC = PixelSpec(edge_px=224, squash=True)
_TEXT_CHARS = 200
_TOLD = ("camera", "lens", "title", "author", "language", "codec", "caption")


@click.command("read")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--recognise", is_flag=True, help="Read the text in photos and scans too: slow.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def read_files(paths: tuple[Path, ...], recognise: bool, as_json: bool) -> None:
    """Tell what is read from files, or from all in a folder, and what is not and why."""
    rows = _rows(_files(paths), recognise)
    if as_json:
        output.print_json(list(rows))
        return
    for row in rows:
        click.echo("\t".join(_in_words(row)))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _rows(files: Iterator[Path], recognise: bool) -> Iterator[dict[str, Any]]:
    from engine.readers.isolation import RECOGNITION_LIMIT_S, ReaderPool

    pool, text_readers = ReaderPool(1), ReaderPool(1, time_limit_s=RECOGNITION_LIMIT_S)
    try:
        # The first waits for the worker, which would look like a slow file.
        pool.submit_read(Path(os.devnull), _SPEC).result()
        for path in files:
            began = time.perf_counter()
            outcome = pool.submit_read(path, _SPEC).result()
            row = _row(path, outcome) | {"seconds": round(time.perf_counter() - began, 3)}
            if recognise and isinstance(outcome, Reading):
                row |= _recognised(text_readers, path, outcome)
            yield row
    finally:
        pool.close()
        text_readers.close()


def _row(path: Path | str, outcome: Reading | ReadFailure) -> dict[str, Any]:
    row: dict[str, Any] = {"path": os.fspath(path)}
    if isinstance(outcome, ReadFailure):
        return row | {"reason": outcome.reason, "detail": outcome.detail}
    told = dataclasses.asdict(outcome.details)
    told["taken_at"] = told["taken_at"].isoformat() if told["taken_at"] else None
    text = " ".join(passage.text for passage in outcome.passages)
    return row | {
        "reader": outcome.reader,
        "kind": outcome.kind,
        "pictures": len(outcome.pictures),
        "characters": max((passage.end for passage in outcome.passages), default=0),
        "text": " ".join(text.split())[:_TEXT_CHARS],
        "textless": outcome.textless,
        **told,
        "members": [_row(member.name, member.outcome) for member in outcome.members],
    }


def _recognised(pool: Any, path: Path, reading: Reading) -> dict[str, str]:
    """The text in the file's pictures, and why that of a picture could not be read."""
    from engine.readings import Kind, Spot
    from engine.records import Stamp

    spots = [Spot(page=page) for page in reading.textless]
    if reading.kind is Kind.PHOTO:
        spots = [picture.spot for picture in reading.pictures]
    stamp = Stamp.of(path.stat())
    outcomes = [pool.submit_recognise(path, stamp, spot).result() for spot in spots]
    texts = (p.text for o in outcomes if not isinstance(o, ReadFailure) for p in o)
    told = {"recognised": " ".join(" ".join(texts).split())}
    failed = next((o for o in outcomes if isinstance(o, ReadFailure)), None)
    return told | {"not_recognised": failed.detail} if failed else told


def _in_words(row: dict[str, Any]) -> Iterator[str]:
    yield shown(row["path"])
    if "reason" in row:
        yield row["reason"]
        yield row["detail"]
        return
    yield row["reader"]
    yield " · ".join(_facts(row))
    for member in row["members"]:
        yield f"› {' '.join(_in_words(member))}"


def _facts(row: dict[str, Any]) -> Iterator[str]:
    if row["width"]:
        yield f"{row['width']} × {row['height']}"
    if row["pages"]:
        yield output.counted(row["pages"], "page")
    if row["duration_s"]:
        yield f"{row['duration_s']:.0f} s"
    if row["pictures"] > 1:
        yield f"{row['pictures']} pictures"
    if row["characters"]:
        yield output.counted(row["characters"], "character")
    if row["textless"]:
        yield f"{len(row['textless'])} without text"
    if row["taken_at"]:
        yield f"{row['taken_at']} ({row['taken_from']})"
    place = row["place"] or {}
    names = [place[name] for name in ("city", "region", "country", "city_zh") if place.get(name)]
    told = (", ".join(names), *(row[name] for name in _TOLD), ", ".join(row["keywords"]))
    yield from (fact for fact in told if fact)
    if recognised := row.get("recognised"):
        yield f"in the picture: “{recognised[:_TEXT_CHARS]}”"
    if why_not := row.get("not_recognised"):
        yield f"text in the picture is not known: {why_not}"
