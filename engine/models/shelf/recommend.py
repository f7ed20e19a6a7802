"""Recommends models of the catalog for a machine, some languages and a number of photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.models.shelf.choices import Choice, choice, choices
from engine.models.shelf.machine import REFERENCE, Machine
from engine.models.shelf.room import in_words

PATIENCE_S = 12 * 3600.0
"""A night: a model that takes longer to index the photos is not recommended."""

SHARE_OF_MEMORY = 0.5
"""That a model may take while it is loaded; the rest belongs to everything else."""

WORKING_BYTES = 1_000_000_000
"""What an accelerator needs beside the weights."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured on a sample of the person's own photos, in seconds for one photo."""

    read_s: float
    """To read and shrink it, with all reading processes at work."""
    reference_s: float
    """In the image tower of `machine.REFERENCE`."""
    measured_s: Mapping[str, float] = field(default_factory=dict)
    """To encode it with models of the catalog that are installed, by name."""

    def encode_s(self, model: Choice) -> float:
        """Measured where it can be, else in proportion to the image tower's multiply-adds.

        On one core, in one run beside REFERENCE, that was 0.65 (convolutions) to 1.5 times (larger
        transformers) what five other towers of the catalog took.
        """
        if model.name in self.measured_s:
            return self.measured_s[model.name]
        return self.reference_s * model.image_gmacs / choice(REFERENCE).image_gmacs


@dataclass(frozen=True, slots=True)
class Advice:
    """What speaks for a model and against it here; `index_s` is None where nothing was measured."""

    choice: Choice
    suits: bool
    reasons: tuple[str, ...]
    index_s: float | None
    measured: bool = False
    """Whether `index_s` was measured with the model itself, not estimated from its work."""


def recommend(
    machine: Machine, languages: Sequence[str], photos: int, speed: Speed | None
) -> tuple[Advice, ...]:
    """All models of the catalog, best first: those that suit come before those that do not.

    What suits knows the languages, fits into memory, and indexes the photos within a night; or,
    where no speed was measured, is meant for such hardware. The order among them is that of the
    published recall of photos for captions (COCO), and then of speed.
    """
    advice = [_advise(model, machine, languages, photos, speed) for model in choices()]
    return tuple(sorted(advice, key=_rank))


def _rank(advice: Advice) -> tuple[bool, float, float]:
    recall = advice.choice.published.coco_text_to_image_r1 or 0.0
    return (not advice.suits, -recall, advice.choice.image_gmacs)


def _advise(
    model: Choice, machine: Machine, languages: Sequence[str], photos: int, speed: Speed | None
) -> Advice:
    index_s = photos * (speed.read_s + speed.encode_s(model)) if speed else None
    against = [*_unknown(model, languages), *_too_large(model, machine)]
    if index_s is None:
        if model.hardware == "gpu" and machine.accelerator == "cpu":
            against.append("is meant for a graphics card, and none is found")
    elif index_s > PATIENCE_S:
        against.append(f"indexing {photos:,} photos takes {about(index_s)}")
    return Advice(
        choice=model,
        suits=not against,
        reasons=tuple(against or _for(model, photos, index_s)),
        index_s=index_s,
        measured=speed is not None and model.name in speed.measured_s,
    )


def _for(model: Choice, photos: int, index_s: float | None) -> list[str]:
    recall = model.published.coco_text_to_image_r1
    reasons = [model.note.rstrip(".")] if model.note else []
    if recall is not None:
        reasons.append(f"finds the right photo first for {recall:.0f} of 100 captions (COCO)")
    if index_s is not None and photos:
        reasons.append(f"indexes {photos:,} photos in {about(index_s)}")
    return reasons


def _unknown(model: Choice, languages: Sequence[str]) -> list[str]:
    unknown = [language for language in languages if not model.knows(language)]
    return [f"does not know: {', '.join(unknown)}"] if unknown else []


def _too_large(model: Choice, machine: Machine) -> list[str]:
    if model.memory_bytes > SHARE_OF_MEMORY * machine.memory_bytes:
        return [
            f"takes {in_words(model.memory_bytes)} of memory while it is loaded; this computer has "
            f"{in_words(machine.memory_bytes)} in all"
        ]
    there = machine.accelerator_memory_bytes
    if there is not None and model.disk_bytes + WORKING_BYTES > there:
        return [
            f"takes {in_words(model.disk_bytes + WORKING_BYTES)} on the graphics card, which has "
            f"{in_words(there)}"
        ]
    return []


def about(seconds: float) -> str:
    """A length of time for people, as an estimate has it: `about 3 h`."""
    for unit, length_s in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length_s:
            return f"about {seconds / length_s:.0f} {unit}"
    return f"about {max(1.0, seconds):.0f} s"
