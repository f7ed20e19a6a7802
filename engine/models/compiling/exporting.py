"""Writes the two towers of an OpenCLIP model as ONNX graphs, in float32 and in int8."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError, pip_command
from engine.models.compiling.tracing import trace
from engine.models.openclip.compiled import Form

NEEDED = ("onnx", "onnxscript")
LARGEST_IN_ONE_BYTES = 1_500_000_000
"""A graph with more weights keeps them in a file beside it: 2 GiB is the most that one holds."""


def export_float32(model: Any, pixels: NDArray[np.uint8], ids: NDArray[np.int64], to: Path) -> None:
    """Writes both towers of `model`, which is on the CPU, into the folder `to`.

    The graphs take (N, E, E, 3) uint8 RGB and (N, context) int64 and give (N, D) float32,
    L2-normalised. Where the model `ends_texts`, ids may be shorter than the context. `pixels` and
    `ids` are at least two of each. Raises ModelError where a package is missing; a model that
    cannot be traced fails in any way.
    """
    import torch

    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelError(
            "A package is missing",
            f"Models run faster with {' and '.join(missing)}. Install: {pip_command(missing)}",
        )
    images, texts = Form.FLOAT32.graphs
    given = torch.from_numpy(np.array(pixels))
    _write(trace(_image_tower(model).eval(), given, name="images", free_axes=[0]), to / images)
    given = torch.from_numpy(np.array(ids))
    if ends_texts(model):
        tower, free_axes = _short_text_tower(model), [0, 1]
    else:
        tower, free_axes = _text_tower(model), [0]
    _write(trace(tower.eval(), given, name="ids", free_axes=free_axes), to / texts)


def quantise(folder: Path) -> None:
    """Writes, beside the float32 graphs in `folder`, those that compute in int8.

    Weights have 7 bits, as sums of 8 overflow on processors without VNNI, whose vectors were off by
    a cosine of up to 0.1, and a scale for each output channel; the scale of what they are
    multiplied with is taken as it comes ("dynamic"). Scales fixed beforehand, which convolutions
    need too, measured no faster: on one core ViT-B-32's image tower ran at 31 photos/s so and at 33
    dynamic (float32: 10), MobileCLIP2-S0's at 16 (float32: 17); and they depend on the photos they
    are fixed with.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    for whole, small in zip(Form.FLOAT32.graphs, Form.INT8.graphs, strict=True):
        with _quiet():
            quantize_dynamic(
                folder / whole,
                folder / small,
                op_types_to_quantize=["MatMul", "Gemm"],
                per_channel=True,
                weight_type=QuantType.QInt8,
                reduce_range=True,
                use_external_data_format=(folder / f"{whole}.data").exists(),
            )


def _write(model: Any, file: Path) -> None:
    import onnx

    weights = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    if weights <= LARGEST_IN_ONE_BYTES:
        file.write_bytes(model.SerializeToString())
    else:
        onnx.save_model(model, file, save_as_external_data=True, location=f"{file.name}.data")


def _image_tower(model: Any) -> Any:
    import torch

    class Tower(torch.nn.Module):  # type: ignore[misc]
        """From pixels as they are read to embeddings."""

        def __init__(self) -> None:
            super().__init__()
            pictures = model.visual.preprocess_cfg
            self.visual = model.visual
            for name in ("mean", "std"):
                self.register_buffer(name, torch.tensor(pictures[name]).view(1, 3, 1, 1))

        def forward(self, pixels: Any) -> Any:
            scaled = (pixels.permute(0, 3, 1, 2).float() / 255 - self.mean) / self.std
            return torch.nn.functional.normalize(self.visual(scaled), dim=-1)

    return Tower()


def _text_tower(model: Any) -> Any:
    import torch

    class Tower(torch.nn.Module):  # type: ignore[misc]
        """From ids to embeddings."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any) -> Any:
            return self.model.encode_text(ids, normalize=True)

    return Tower()


def _short_text_tower(model: Any) -> Any:
    """From ids of any length up to the context to embeddings, where the tower `ends_texts`."""
    import torch

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.whole = _text_tower(model)

        def forward(self, ids: Any) -> Any:
            length = ids.shape[1]
            text = _text_part(model)
            prefix = "model" if text is model else "model.text"
            shorter = {
                f"{prefix}.positional_embedding": text.positional_embedding[:length],
                f"{prefix}.attn_mask": text.attn_mask[:length, :length],
            }
            return torch.func.functional_call(self.whole, shorter, (ids,))

    return Tower()


def ends_texts(model: Any) -> bool:
    """Whether a text's vector is taken at its last id, the largest, and looks back only.

    What fills the text up to the context then changes nothing, and can be left out.
    """
    text = _text_part(model)
    pool = getattr(text, "text_pool_type", None) or getattr(text, "pool_type", None)
    looks_back = getattr(text, "attn_mask", None) is not None
    plain = getattr(text, "cls_emb", None) is None and not getattr(text, "use_pad_mask", False)
    return bool(pool == "argmax" and looks_back and plain)


def _text_part(model: Any) -> Any:
    """What holds the text tower: OpenCLIP's first class mixes it with the whole."""
    return getattr(model, "text", model)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps a hint of onnxruntime's out of the log: the pass that it advises won nothing."""
    root = logging.getLogger()

    def advises(record: logging.LogRecord) -> bool:
        return "pre-processing before quantization" not in record.getMessage()

    root.addFilter(advises)
    try:
        yield
    finally:
        root.removeFilter(advises)
