"""A few captioned photos, as a collection and as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.training.data.layouts import CaptionedPhoto, Collection

CAPTIONS = {
    "cat": ["a close portrait of a ginger cat", "a cat looks into the camera"],
    "rocket": ["a rocket on its launch pad", "a space rocket before the launch"],
    "coffee": ["a cup of coffee on a table", "a coffee cup with a spoon"],
}


@pytest.fixture
def captioned(real_photos) -> Collection:
    """Photos of a cat, a rocket and a cup of coffee, with two captions each."""
    return Collection(
        tuple(
            CaptionedPhoto(real_photos[name], {"en": tuple(texts), "zh": ("一张照片",)})
            for name, texts in CAPTIONS.items()
        )
    )


@pytest.fixture
def captions_file(captioned: Collection, tmp_path: Path) -> Path:
    """The same, as JSON lines."""
    rows = [{"file": str(photo.path), **photo.captions} for photo in captioned.photos]
    file = tmp_path / "captions.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    return file
