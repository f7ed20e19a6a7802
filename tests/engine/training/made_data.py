"""A small training set of real files, for the tests of data and of steps."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.training.data import dataset
from engine.training.recipe import Losses, Recipe, Source, Stage

PHOTOS = 13
STAGE = Stage("only", epochs=1, edge_px=32, photos=3, labelled=2, texts=2)
LOSSES = Losses(captions_per_photo=2, more_captions=4)


def source(path: str, **changed: Any) -> Source:
    return Source(path, "Some", "CC0", **changed)


def made_recipe(**changed: Any) -> Recipe:
    given_or_default: dict[str, Any] = {
        "captioned": (source("captions.jsonl", split="train"),),
        "dev": source("captions.jsonl", split="dev"),
        "stages": (STAGE, STAGE),
        "languages": ("en", "zh"),
        "losses": LOSSES,
    }
    return Recipe("small", "Small", "1", **(given_or_default | changed))


def write_lines(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


def write_archive(file: Path, rows: Sequence[dict[str, Any]], members: dict[str, bytes]) -> Path:
    """A tar with an index of photos, and other members by name."""
    index = "\n".join(map(json.dumps, rows)).encode()
    with tarfile.open(file, "w") as archive:
        for name, contents in {dataset.INDEX: index, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            archive.addfile(info, io.BytesIO(contents))
    return file
