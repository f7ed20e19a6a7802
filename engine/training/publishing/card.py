"""Writes a model's card from its run: card.json for programs, README.md for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from engine.training import recipe
from engine.training.metrics import Estimate
from engine.training.publishing import card_page, listing
from engine.training.publishing.calibration import Fitted
from engine.training.publishing.runs import RunRecord
from engine.training.recipe import Recipe

CARD = "card.json"
README = "README.md"
FILES = ("image.onnx", "text.onnx", "tokenizer.json", "background.npz")
"""What a model is made of, beside its card."""

NO_LIMITS = """\
- Nobody has looked yet at what this model gets wrong beyond the figures above.
- What is rare in the data that it was trained on, it finds less well; and it repeats the
  assumptions about people that their captions make.
- It reads no text in photos, does not count and knows nobody's face."""

MOST_LOST = 0.5
"""How many points of recall@10 fewer bits may cost."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A precision for each tower, and what it costs: points of recall beside float32."""

    image: str
    text: str
    size_bytes: int
    recall: float
    """recall@10 of captions finding their photos, in the first language, in per cent."""
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made and measured: all that a card tells, beside the files themselves."""

    recipe: Recipe
    figures: Mapping[str, Any]
    """`measured_on`, and by task and language what `figures.as_json` gives."""
    fitted: Mapping[str, Fitted]
    chosen: Tried
    tried: Sequence[Tried]
    command: str
    limits: str | None = None
    runs: Sequence[RunRecord] = field(default_factory=tuple)


def described(made: Made, folder: Path, data: Path) -> dict[str, Any]:
    """The card of the model whose files lie in `folder`, trained on what lies in `data`.

    Raises CaptionsError where data that the recipe names cannot be read.
    """
    plan = made.recipe
    return {
        **_loadable(plan, made.fitted, folder),
        "size_bytes": {name: (folder / name).stat().st_size for name in FILES},
        "derived_from": listing.origins(plan, data),
        "made_with": listing.files(plan, data),
        "training_data": listing.data(plan, data),
        "figures": dict(made.figures),
        "precision": {
            "image": made.chosen.image,
            "text": made.chosen.text,
            "most_lost": MOST_LOST,
            "tried": [msgspec.to_builtins(tried) for tried in made.tried],
        },
        "limits": (made.limits or NO_LIMITS).strip(),
        "command": made.command,
        "recipe": recipe.as_json(plan),
        # Without their recipes, which `runs.jsonl` has: they would be most of the card.
        "runs": [msgspec.to_builtins(msgspec.structs.replace(run, recipe={})) for run in made.runs],
    }


def draft(plan: Recipe, fitted: Mapping[str, Fitted], folder: Path) -> None:
    """Writes a card.json that says no more than what it takes to load the model in `folder`."""
    (folder / CARD).write_text(json.dumps(_loadable(plan, fitted, folder)), "utf-8")


def _loadable(plan: Recipe, fitted: Mapping[str, Fitted], folder: Path) -> dict[str, Any]:
    return {
        "name": plan.name,
        "title": plan.title,
        "version": plan.version,
        "dimension": plan.towers.dimension,
        "pixels": {"edge_px": plan.towers.edge_px, "squash": True},
        "languages": list(plan.languages),
        "licence": plan.licence,
        "sha256": {name: listing.checksum(folder / name) for name in FILES},
        "calibration": {
            pair: {
                "slope": found.calibration.slope,
                "offset": found.calibration.offset,
                "null": found.calibration.null.value,
                "held_out": found.bands,
            }
            for pair, found in fitted.items()
        },
    }


def write(card: Mapping[str, Any], folder: Path) -> None:
    """Writes card.json and README.md into `folder`."""
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    (folder / CARD).write_text(text, "utf-8")
    (folder / README).write_text(card_page.page(card), "utf-8")
