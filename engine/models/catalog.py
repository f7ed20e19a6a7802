"""Knows the models: which there are, and how a name becomes an encoder."""

from __future__ import annotations

from engine.errors import ModelError
from engine.models.base import Encoder
from engine.models.idle import IdleEncoder
from engine.models.openclip.spec import PREFIX
from engine.models.starter import StarterEncoder, read_card
from engine.records import ModelCard
from engine.settings import STARTER

IDLE_S = 600.0
"""An OpenCLIP model that was not asked for so long leaves the memory until it is."""


def load(spec: str, *, threads: int | None = None) -> Encoder:
    """The model that `spec` names: `starter`, or `openclip:` and what `openclip` takes.

    `threads` is how many work on a batch of pictures. Raises ModelError.
    """
    if spec == STARTER:
        return StarterEncoder(threads=threads)
    if spec.startswith(PREFIX):
        from engine.models.openclip.encoder import OpenClipEncoder

        encoder = IdleEncoder(lambda: OpenClipEncoder(spec, threads=threads), IDLE_S)
        encoder.card  # noqa: B018 - it loads, so that what is wrong with it is told now
        return encoder
    raise ModelError(
        "There is no such model",
        f"“{spec}” is neither “starter” nor of the form “openclip:ARCHITECTURE/WEIGHTS”, "
        "“openclip:ARCHITECTURE@CHECKPOINT” or “openclip:FOLDER”.",
    )


def available() -> tuple[ModelCard, ...]:
    """The models that work at once, without a download."""
    return (read_card(),)
