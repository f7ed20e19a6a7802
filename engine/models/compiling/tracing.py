"""Turns a torch module into an ONNX graph."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def trace(
    module: torch.nn.Module, sample: torch.Tensor, *, name: str, free_axes: Sequence[int]
) -> Any:
    """`module` as an onnx.ModelProto that takes `sample`, called `name`, and gives `embeddings`.

    Of `free_axes` of the sample, those that the module takes in any length are free in the graph.
    Each must be longer than 1, or 1 would be taken for the only length there is.
    """
    import torch

    with warnings.catch_warnings():
        # torch.export asks a question of its own trees in a way that torch has deprecated.
        warnings.filterwarnings("ignore", r".*LeafSpec", FutureWarning)
        program = torch.onnx.export(
            module,
            (sample,),
            input_names=[name],
            output_names=["embeddings"],
            dynamic_shapes=({axis: torch.export.Dim.AUTO for axis in free_axes},),
            dynamo=True,
            verbose=False,
        )
    model = program.model_proto
    _forget_origin(model)
    return model


def _forget_origin(model: Any) -> None:
    """Drops what the exporter noted of the source: lines of code, with the paths of their files."""
    for part in (model, model.graph, *model.graph.node, *model.graph.initializer):
        part.ClearField("doc_string")
        part.ClearField("metadata_props")
    for value in (*model.graph.input, *model.graph.output):
        value.ClearField("metadata_props")
    model.graph.ClearField("value_info")
