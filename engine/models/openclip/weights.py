"""Finds the weights of an OpenCLIP model on this disk and loads them; alone imports open_clip.

Nothing here opens a socket: weights and tokenizers come from disk, or the model is refused.
"""

from __future__ import annotations

import difflib
import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.openclip.card import PICTURES, hash_file, hash_folder, read_configuration
from engine.models.openclip.spec import CONFIGURATION, OpenClipSpec, parse_spec
from engine.models.openclip.tokens import (
    OwnTokenizer,
    Tokenizer,
    require_transformers,
    tokenizer_of_folder,
)
from engine.models.openclip.torchvision_shim import import_torchvision

WEIGHTS = "open_clip_model.safetensors"
FOREIGN = "config.json"
"""Describes a text tower of transformers."""

DETAIL_CHARACTERS = 300
"""As much of a library's error as is shown."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model as OpenCLIP builds it, and what makes its vectors what they are."""

    model: Any
    tokenizer: Tokenizer
    title: str
    identity: str


def import_offline() -> tuple[Any, Any]:
    """open_clip and torch, with the model hub's client told to stay off the network."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        os.environ[name] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch

        import_torchvision()
        import open_clip
    return open_clip, torch


def load(spec: str, device: str) -> Loaded:
    """The model that `spec` names (see `parse_spec`), on `device`. Raises ModelError."""
    open_clip, _ = import_offline()
    parsed = parse_spec(spec)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they address whoever trains a model
            loaded = _of_folder(open_clip, parsed.folder) if parsed.folder else None
            loaded = loaded or _of_architecture(open_clip, parsed)
            loaded.model.eval().requires_grad_(False).to(device)
    except ModelError:
        raise
    except Exception as error:  # a foreign checkpoint fails in any way
        raise not_loaded(spec, error) from error
    return loaded


def _of_folder(open_clip: Any, folder: Path) -> Loaded:
    text = read_configuration(folder)["model_cfg"].get("text_cfg", {})
    if text.get("hf_model_name"):
        require_transformers(folder, "computes its text tower")
        model = _with_foreign_text(open_clip, folder)
    else:
        model = open_clip.create_model(f"local-dir:{folder}", require_pretrained=True)
    return Loaded(model, tokenizer_of_folder(open_clip, folder), folder.name, hash_folder(folder))


def _with_foreign_text(open_clip: Any, folder: Path) -> Any:
    """A model whose text tower is one of transformers, described by config.json in `folder`.

    OpenCLIP asks the hub for that description by the name in its own, so that is made a path.
    """
    if not (folder / FOREIGN).is_file():
        raise ModelError(
            "The model is incomplete",
            f"{folder.name} has no {FOREIGN}, which describes its text tower. Put the one of "
            "the text tower's publisher there, or install the model again.",
            folder,
        )
    described = read_configuration(folder)
    described["model_cfg"]["text_cfg"]["hf_model_name"] = str(folder)
    weights = _weights_in(folder)
    with tempfile.TemporaryDirectory(prefix="keepsight-") as beside:
        Path(beside, CONFIGURATION).write_text(json.dumps(described), "utf-8")
        model = open_clip.create_model(f"local-dir:{beside}", pretrained_text=False)
    open_clip.load_checkpoint(model, str(weights), weights_only=True)
    return model


def _weights_in(folder: Path) -> Path:
    names = (WEIGHTS, "open_clip_pytorch_model.bin")
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise ModelError(
            "The model is incomplete", f"{folder.name} has no {WEIGHTS}. Install it again.", folder
        )
    return found


def _of_architecture(open_clip: Any, spec: OpenClipSpec) -> Loaded:
    known = open_clip.list_models()
    if spec.architecture not in known:
        raise unknown("architecture", spec.architecture, known)
    if spec.checkpoint is not None:
        weights, published = spec.checkpoint, usual_preprocessing(open_clip, spec.architecture)
        made = hash_file(weights)
        title = f"{spec.architecture} ({weights.name})"
    else:
        weights, published = _cached_weights(open_clip, spec)
        made = f"{spec.tag} {weights.stat().st_size}"
        title = f"{spec.architecture} ({spec.tag})"
    model = open_clip.create_model(
        spec.architecture,
        pretrained=str(weights),
        require_pretrained=True,
        weights_only=True,
        force_quick_gelu=bool(published.get("quick_gelu")),
        force_preprocess_cfg={key: published[key] for key in PICTURES if key in published},
    )
    layers = json.dumps(open_clip.get_model_config(spec.architecture), sort_keys=True)
    tokenizer = OwnTokenizer(open_clip.get_tokenizer(spec.architecture))
    return Loaded(model, tokenizer, title, f"{layers} {made}")


def usual_preprocessing(open_clip: Any, architecture: str) -> dict[str, Any]:
    """How all published weights of an architecture were made, as far as they agree.

    A checkpoint does not say it, and SigLIP for one differs from OpenCLIP's default.
    """
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    made = [open_clip.get_pretrained_cfg(architecture, tag) for tag in tags]
    return {
        key: made[0][key]
        for key in (*PICTURES, "quick_gelu")
        if made and all(key in one and one[key] == made[0].get(key) for one in made)
    }


def _cached_weights(open_clip: Any, spec: OpenClipSpec) -> tuple[Path, dict[str, Any]]:
    """The file with the weights of a published tag, if it is on this disk, and how they were made.

    Looks where open_clip and the hub's client put what they download.
    """
    published = open_clip.get_pretrained_cfg(spec.architecture, spec.tag)
    if not published:
        tags = open_clip.list_pretrained_tags_by_model(spec.architecture)
        raise unknown(f"weights of {spec.architecture}", spec.tag, tags)
    for path in _possible_files(published):
        if path.is_file():
            return path, published
    source = published.get("hf_hub", "").rstrip("/") or published.get("url", "")
    architecture = spec.architecture
    if published.get("quick_gelu") and f"{architecture}-quickgelu" in open_clip.list_models():
        architecture += "-quickgelu"  # a file does not say which activation it was trained with
    raise ModelError(
        "The model's weights are not on this computer",
        f"Keepsight downloads nothing by itself. Get the weights of {spec.architecture}/{spec.tag} "
        f"({source}) as a file, and name them as openclip:{architecture}@FILE.",
    )


def _possible_files(published: dict[str, Any]) -> Iterable[Path]:
    from huggingface_hub import try_to_load_from_cache

    if published.get("file"):
        yield Path(published["file"])
    if published.get("hf_hub"):
        repository, _, name = published["hf_hub"].rpartition("/")
        name = name or "open_clip_pytorch_model.bin"
        safe = "open_clip_model.safetensors" if name == "open_clip_pytorch_model.bin" else None
        for candidate in (safe, str(Path(name).with_suffix(".safetensors")), name):
            found = candidate and try_to_load_from_cache(repository, candidate)
            if isinstance(found, str):
                yield Path(found)
    if published.get("url"):
        yield Path("~/.cache/clip").expanduser() / published["url"].rsplit("/", 1)[-1]


def not_loaded(spec: str, error: Exception) -> ModelError:
    """That what `spec` names could not be loaded because of `error`."""
    return ModelError(
        "The model cannot be loaded",
        f"{spec}: {str(error)[:DETAIL_CHARACTERS]}. "
        "Check that the weights are complete and of this architecture.",
    )


def unknown(what: str, name: str, known: Sequence[str]) -> ModelError:
    """That OpenCLIP has no such `what`, and which of `known` come near."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known[:3])
    return ModelError(
        "There is no such model",
        f"OpenCLIP knows no {what} “{name}”." + (f" Near: {', '.join(near)}." if near else ""),
    )
