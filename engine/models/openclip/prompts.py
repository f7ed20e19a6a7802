"""Dresses short queries up as captions, whose vectors are averaged.

CLIP learnt from captions, so a bare word is unlike what it knows (A. Radford et al., Learning
Transferable Visual Models From Natural Language Supervision, 2021, section 3.1.4).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.models.base import Encoder
from engine.models.openclip.card import read_notes
from engine.models.windows import average_windows

TEMPLATES = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
"""The seven that forward selection picked for ImageNet, as CLIP's authors publish them in
notebooks/Prompt_Engineering_for_ImageNet.ipynb of their repository."""

MOST_WORDS = 3
"""A longer query is a caption already."""


def captions(query: str) -> tuple[str, ...]:
    """A query of one to three words in each template; a longer or empty one as it is."""
    words = query.split()
    if not 0 < len(words) <= MOST_WORDS:
        return (query,)
    return tuple(template.format(" ".join(words)) for template in TEMPLATES)


def uses_templates(encoder: Encoder) -> bool:
    """Whether the model's notes say that short queries gain from templates."""
    return read_notes(encoder.card.name).templates


def encode_queries(encoder: Encoder, queries: Sequence[str]) -> NDArray[np.float32]:
    """N queries for photos to (N, D) float32, L2-normalised.

    Averages templates where the model's notes say that they help, else the same as `encode_texts`.
    """
    if not uses_templates(encoder):
        return encoder.encode_texts(queries)
    owned = [(text, owner) for owner, query in enumerate(queries) for text in captions(query)]
    vectors = encoder.encode_texts([text for text, _ in owned])
    return average_windows(vectors, [owner for _, owner in owned], len(queries))
