"""Counts what the catalog says of architectures: parameters, dimension, edge and multiply-adds.

    python -m tests.engine.models.counted

builds each without memory (torch's “meta” device) and prints what to write into catalog.json. Text
towers of transformers are counted where that package is installed.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass

from engine.models.openclip.weights import import_offline
from engine.models.shelf.choices import choices


@dataclass(frozen=True)
class Counted:
    """`image_gmacs`: billions of multiply-adds of the image tower for one picture."""

    parameters: int
    dimension: int
    edge_px: int
    image_gmacs: float


def count(architecture: str) -> Counted:
    """Counts one architecture. Only matrix products and convolutions count as multiply-adds."""
    open_clip, torch = import_offline()
    from torch.utils.flop_counter import FlopCounterMode

    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        model = open_clip.create_model(architecture, device="meta", load_weights=False)
    size = model.visual.image_size
    edge_px = size if isinstance(size, int) else size[0]
    with FlopCounterMode(display=False) as counter:
        found = model.encode_image(torch.empty(1, 3, edge_px, edge_px, device="meta"))
    return Counted(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        dimension=found.shape[1],
        edge_px=edge_px,
        image_gmacs=round(counter.get_total_flops() / 2e9, 3),
    )


if __name__ == "__main__":
    for choice in choices():
        try:
            sys.stdout.write(f"{choice.name}\t{count(choice.architecture)}\n")
        except RuntimeError as error:
            sys.stdout.write(f"{choice.name}\t{error}\n")
