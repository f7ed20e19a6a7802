"""Reads the catalog: the models that Keepsight recommends, with what is known of each.

`resources/models/catalog.json` holds no checksums. The hub names the SHA-256 of each of its files;
what is downloaded is checked against that, and it is recorded in the installed model.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from engine.errors import ModelError

BYTES_PER_PARAMETER = 4
"""Weights are published, stored and loaded as float32."""

MANY_LANGUAGES = "mul"
"""Among `languages` (its code in ISO 639-2): others beside those that are named."""


@dataclass(frozen=True, slots=True)
class Published:
    """What others measured, in per cent; None where no figure is known. `source` says where."""

    imagenet_top1: float | None
    """Zero-shot accuracy on ImageNet-1k."""
    coco_text_to_image_r1: float | None
    """Recall@1 of photos for their English captions, on the 5,000 test photos of COCO."""
    flickr30k_text_to_image_r1: float | None
    """The same on the 1,000 test photos of Flickr30k."""
    source: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of the catalog. Architecture, tag and repository are OpenCLIP's own."""

    name: str
    title: str
    architecture: str
    tag: str
    repository: str
    languages: tuple[str, ...]
    """ISO 639 codes; MANY_LANGUAGES where those named are only the ones it was measured on."""
    parameters: int
    dimension: int
    edge_px: int
    image_gmacs: float
    """Billions of multiply-adds that the image tower does for one photo."""
    licence: str
    published: Published
    hardware: str
    """`cpu` where a processor does, `gpu` where a graphics card is advised."""
    templates: bool
    """Whether short queries gain from prompt templates: these are English."""
    needs: tuple[str, ...]
    """Packages that it needs beside Keepsight's own."""
    note: str

    @property
    def disk_bytes(self) -> int:
        """What its weights take on disk, and to download."""
        return self.parameters * BYTES_PER_PARAMETER

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory at most: while it is loaded, its weights are there twice."""
        return 2 * self.disk_bytes

    def knows(self, language: str) -> bool:
        """Whether it was made for a language, as far as that is known."""
        return language in self.languages or MANY_LANGUAGES in self.languages


@functools.cache
def choices() -> tuple[Choice, ...]:
    """The models of the catalog, in its order."""
    text = (files("resources") / "models" / "catalog.json").read_text("utf-8")
    return tuple(_choice(entry) for entry in json.loads(text))


def choice(name: str) -> Choice:
    """The model of the catalog that is called so. Raises ModelError."""
    for known in choices():
        if known.name == name:
            return known
    raise ModelError(
        "The catalog has no such model",
        f"“{name}” is none of: {', '.join(known.name for known in choices())}.",
    )


def _choice(entry: dict[str, Any]) -> Choice:
    lists = {key: tuple(entry[key]) for key in ("languages", "needs")}
    return Choice(**entry | lists | {"published": Published(**entry["published"])})
