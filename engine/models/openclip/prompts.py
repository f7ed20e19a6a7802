"""Dresses short queries up as captions, whose vectors are to be averaged.

CLIP learnt from captions, so a bare word is unlike what it knows (A. Radford et al., Learning
Transferable Visual Models From Natural Language Supervision, 2021, section 3.1.4).
"""

from __future__ import annotations

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
    """A query of one to three words in each template; none for a longer or empty one."""
    words = query.split()
    if not 0 < len(words) <= MOST_WORDS:
        return ()
    return tuple(template.format(" ".join(words)) for template in TEMPLATES)
