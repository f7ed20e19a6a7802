"""Tells what data and models a recipe names: how much of it, its terms, and its checksums."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.errors import CaptionsError
from engine.paths import shown
from engine.training.data import layouts
from engine.training.recipe import Origin, Recipe, Source

INDEX = "index.jsonl"


def data(recipe: Recipe, root: Path) -> list[dict[str, Any]]:
    """What was trained on, and after it what was measured on, in the recipe's order.

    Each has a name, a use, an amount, terms, and the SHA-256 of its file; that of a folder, and of
    the photos beside a file of captions, is of the lines that `sha256sum` prints of their files.
    Raises CaptionsError.
    """
    uses = (
        ("trained on", (*recipe.captioned, *recipe.labelled)),
        ("measured on", (recipe.dev,)),
    )
    listed = [_photos(source, root, use) for use, sources in uses for source in sources]
    texts = [_texts(source, root) for source in recipe.texts]
    return [*listed[:-1], *texts, listed[-1]]


def origins(recipe: Recipe, root: Path) -> list[dict[str, Any]]:
    """The models that weights began from or were taught by. Raises CaptionsError."""
    towers = recipe.towers
    named = (towers.image, towers.second_image, towers.text, *recipe.ensemble)
    return [_origin(origin, root) for origin in named if origin is not None]


def files(recipe: Recipe, root: Path) -> list[dict[str, str]]:
    """The other files that the towers were made with. Raises CaptionsError."""
    towers = recipe.towers
    named = (towers.image_labels, towers.vocabulary, towers.unihan)
    return [{"path": name, "sha256": checksum(root / name)} for name in named if name]


def checksum(path: Path) -> str:
    """The SHA-256 of a file, or of the listing of a folder. Raises CaptionsError."""
    try:
        if path.is_dir():
            inside = sorted(part for part in path.rglob("*") if part.is_file())
            return _of_listing((str(part.relative_to(path).as_posix()), part) for part in inside)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CaptionsError(
            "The data cannot be listed", f"{shown(path)}: {error.strerror}", path
        ) from error


def _of_listing(named: Iterable[tuple[str, Path]]) -> str:
    lines = (f"{checksum(path)}  {name}\n" for name, path in named)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _photos(source: Source, root: Path, use: str) -> dict[str, Any]:
    path = root / source.path
    held_out = source.held_out_every
    listed = {
        "name": source.name + (f", split “{source.split}”" if source.split else ""),
        "use": use + (f", but for every {held_out}th" if held_out else ""),
        "terms": source.terms,
        "path": source.path,
        "sha256": checksum(path),
    }
    if path.suffix == ".tar":
        return listed | {"amount": _amount(_indexed(path, source.split))}
    photos = layouts.read_captions(path, source.split)
    by_name = sorted((photo.path.name, photo.path) for photo in photos)
    rows = [{**photo.captions, "labels": photo.labels} for photo in photos]
    return listed | {"amount": _amount(rows), "photos_sha256": _of_listing(by_name)}


def _texts(source: Source, root: Path) -> dict[str, Any]:
    from engine.training.data import corpora

    path = root / source.path
    return {
        "name": source.name,
        "use": "trained on, by the text tower"
        + (f", but for every {source.held_out_every}th" if source.held_out_every else ""),
        "terms": source.terms,
        "path": source.path,
        "sha256": checksum(path),
        "amount": f"{len(corpora.read(path)):,} texts",
    }


def _indexed(archive: Path, split: str | None) -> list[dict[str, Any]]:
    try:
        with tarfile.open(archive) as opened:
            member = next(name for name in opened.getnames() if Path(name).name == INDEX)
            index = opened.extractfile(member)
            lines = index.read().splitlines() if index is not None else []
        rows = [json.loads(line) for line in lines if line.strip()]
    except (OSError, tarfile.TarError, ValueError, StopIteration) as error:
        raise CaptionsError(
            "The data cannot be listed", f"{shown(archive)} has no readable {INDEX}.", archive
        ) from error
    return [row for row in rows if split is None or row.get("split") == split]


def _amount(rows: Sequence[Mapping[str, Any]]) -> str:
    """Such as `6,401 photos, 6,401 with labels, 2,035 captions (en)`."""
    parts = [f"{len(rows):,} photos"]
    labelled = sum(bool(row.get("labels")) for row in rows)
    if labelled:
        parts.append(f"{labelled:,} with labels")
    for language in layouts.LANGUAGES:
        count = sum(len(row.get(language) or ()) for row in rows)
        if count:
            parts.append(f"{count:,} captions ({language})")
    return ", ".join(parts)


def _origin(origin: Origin, root: Path) -> dict[str, Any]:
    return {
        "what": origin.name,
        "version": origin.version,
        "licence": origin.licence,
        "trained_on": origin.trained_on,
        "path": origin.path,
        "sha256": checksum(root / origin.path),
    }
