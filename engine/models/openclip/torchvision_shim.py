"""Imports torchvision next to a torch that its compiled part was not built for.

OpenCLIP needs torchvision's transforms, which are plain Python. Yet torchvision fails at import
(`operator torchvision::nms does not exist`) where its compiled part cannot be loaded, as with a
CPU-only torch beside the package registry's torchvision, which is built for CUDA. It only wants
to describe two operators, so declaring their schemas is enough. Keepsight never calls them.

WORKAROUND https://github.com/pytorch/pytorch/issues/157648: until torchvision imports without its
compiled part.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_declared: list[Any] = []  # a torch.library.Library takes its schemas back when it is collected


def import_torchvision() -> None:
    """Makes `import torchvision` work, once and for all in this process."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
    else:
        return
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for schema in SCHEMAS:
        library.define(schema)
    _declared.append(library)
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]  # what the failed import left behind
    importlib.import_module("torchvision")
