"""Builds OpenCLIP models to be trained: two towers that stand apart, with random weights."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.openclip.card import PICTURES
from engine.models.openclip.spec import CONFIGURATION
from engine.models.openclip.weights import (
    DETAIL_CHARACTERS,
    import_offline,
    unknown,
    usual_preprocessing,
)


@dataclass(frozen=True, slots=True)
class Untrained:
    """A model as OpenCLIP builds it to be trained: two towers that stand apart."""

    model: Any
    """Its `visual` and `text` give embeddings, not normalised yet."""
    tokenizer: Any
    """Texts to (N, context) int64."""
    configuration: dict[str, Any]
    """What CONFIGURATION says in a folder that `openclip:FOLDER` loads."""


def build_untrained(
    name: str, configuration: Mapping[str, Any] | None = None, weights: Path | None = None
) -> Untrained:
    """The architecture `name`, or the `configuration` that is called so, with random weights.

    A configuration is that of a model, or one with `model_cfg` and `preprocess_cfg`. `weights` is
    a checkpoint of it to begin from. Pictures are squashed to squares, whatever it says, as all
    pictures are that are trained on. Raises ModelError.
    """
    open_clip, _ = import_offline()
    if configuration is None and name not in open_clip.list_models():
        raise unknown("architecture", name, open_clip.list_models())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they miss weights, which training makes
            return _untrained(open_clip, _described(open_clip, name, configuration), weights)
    except ModelError:
        raise
    except Exception as error:  # a foreign configuration fails in any way
        raise ModelError(
            "The model cannot be built",
            f"{name}: {type(error).__name__}: {str(error)[:DETAIL_CHARACTERS]}. Check the "
            "configuration" + (", and that the weights are of it." if weights else "."),
        ) from error


def _described(
    open_clip: Any, name: str, configuration: Mapping[str, Any] | None
) -> dict[str, Any]:
    if configuration is None:
        usual = usual_preprocessing(open_clip, name)
        layers = open_clip.get_model_config(name)
        if usual.get("quick_gelu"):
            layers["quick_gelu"] = True
        pictures = {key: usual[key] for key in PICTURES if key in usual}
    else:
        layers = configuration.get("model_cfg", configuration)
        pictures = configuration.get("preprocess_cfg", {})
    for key, part in (
        ("multimodal_cfg", layers),
        ("hf_model_name", layers["text_cfg"]),
        ("hf_tokenizer_name", layers["text_cfg"]),
    ):
        if part.get(key):
            raise ModelError(
                "This model cannot be trained here",
                f"{name} has “{key}”: only models with OpenCLIP's own text tower and tokenizer, "
                "and without a decoder, can be.",
            )
    return {
        "model_cfg": {**layers, "custom_text": True},  # CLIP else mixes a tower with the whole
        "preprocess_cfg": {**pictures, "resize_mode": "squash"},
    }


def _untrained(open_clip: Any, described: dict[str, Any], weights: Path | None) -> Untrained:
    with tempfile.TemporaryDirectory(prefix="keepsight-") as folder:
        Path(folder, CONFIGURATION).write_text(json.dumps(described), "utf-8")
        model = open_clip.create_model(f"local-dir:{folder}", pretrained_text=False)
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    if tokenizer.vocab_size > model.vocab_size:
        raise ValueError(
            f"its “vocab_size” is {model.vocab_size}, and the tokenizer has {tokenizer.vocab_size}"
        )
    if weights is not None:
        open_clip.load_checkpoint(model, str(weights), weights_only=True)
    pictures = model.visual.preprocess_cfg
    described["preprocess_cfg"] = {key: pictures[key] for key in PICTURES}
    return Untrained(model, tokenizer, described)
