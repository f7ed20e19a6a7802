"""What models that are not in use have embedded: how much it is, and how it is erased."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from engine.model_records import Kept
from engine.paths import Home
from engine.roster.in_use import ModelsInUse
from engine.roster.present import Present, short_name
from engine.store import embeddings
from engine.store.database import Database


def kept_of(database: Database, present: Present) -> tuple[Kept, ...]:
    """What is kept of models that are neither in use nor prepared, by the names people use."""
    # Of a model that was not loaded, only the name tells what belongs to it.
    unknown = {short_name(present.spec)} if present.card is None else set()
    if present.next_card is None and present.next_spec:
        unknown.add(short_name(present.next_spec))
    kept = embeddings.kept(database.reading())
    named = (replace(one, name=short_name(one.name)) for one in kept)
    return tuple(
        one
        for one in named
        if one.fingerprint not in present.fingerprints and one.name not in unknown
    )


def erase(
    home: Home, database: Database, fingerprints: Collection[str], used: ModelsInUse | None
) -> None:
    """Erases what models have embedded: rows, usearch files, and the database's free pages.

    Raises ModelError where one of them is in use.
    """
    if used is not None:
        used.drop(fingerprints)
    else:
        with database.writing() as connection:
            for fingerprint in fingerprints:
                embeddings.drop(connection, fingerprint)
    _delete_files(home.vectors, fingerprints)
    database.erase_free_pages()


def _delete_files(directory: Path, fingerprints: Collection[str]) -> None:
    """Deletes the usearch files of models, which their stamps name."""
    for stamp in directory.glob("*.json"):
        try:
            named = json.loads(stamp.read_bytes()).get("model")
        except (OSError, ValueError, AttributeError):
            continue  # what cannot be read is made anew by the model it belongs to
        if named in fingerprints:
            stamp.with_suffix(".usearch").unlink(missing_ok=True)
            stamp.unlink(missing_ok=True)
