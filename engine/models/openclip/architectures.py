"""Tells what OpenCLIP knows of an architecture, and makes folders of it that OpenCLIP loads."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.models.openclip.card import PICTURES
from engine.models.openclip.spec import CONFIGURATION

WEIGHTS = "open_clip_model.safetensors"
PUBLISHED_WEIGHTS = (WEIGHTS, "open_clip_pytorch_model.bin")
"""What OpenCLIP calls weights at the hub, the better first."""

CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin")

DETAIL_CHARACTERS = 300
"""As much of a library's error as is shown."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """An architecture, and where published weights of it are to be had."""

    name: str
    configuration: dict[str, Any]
    """What CONFIGURATION says in a folder with these weights."""
    repository: str = ""
    weights: tuple[str, ...] = ()
    """Files of the repository; any one does, the first is best."""

    @property
    def tokenizer(self) -> str:
        """The repository whose tokenizer it takes; empty where it has OpenCLIP's own."""
        return str(self.configuration["model_cfg"]["text_cfg"].get("hf_tokenizer_name") or "")

    @property
    def text_tower(self) -> str:
        """The repository that describes its text tower; empty where that is OpenCLIP's own."""
        return str(self.configuration["model_cfg"]["text_cfg"].get("hf_model_name") or "")


def published(architecture: str, tag: str) -> Architecture:
    """The weights that OpenCLIP knows by this tag. Raises ModelError."""
    from engine.models.openclip.weights import import_offline, unknown

    open_clip, _ = import_offline()
    layers = _layers(open_clip, architecture)
    known = open_clip.get_pretrained_cfg(architecture, tag)
    if not known:
        tags = open_clip.list_pretrained_tags_by_model(architecture)
        raise unknown(f"weights of {architecture}", tag, tags)
    if not known.get("hf_hub"):
        raise ModelError(
            "These weights are not at the model hub",
            f"OpenCLIP knows {architecture}/{tag} at {known.get('url') or 'no address'} only. Get "
            f"the file, then: keepsight models import FILE --architecture {architecture}",
        )
    repository, _, file = known["hf_hub"].rpartition("/")
    # OpenCLIP looks for a safe form beside any other, too.
    weights = (str(Path(file).with_suffix(".safetensors")), file) if file else PUBLISHED_WEIGHTS
    if known.get("quick_gelu"):
        layers["quick_gelu"] = True
    pictures = {key: known[key] for key in PICTURES if key in known}
    return Architecture(
        architecture, _configuration(layers, pictures), repository, tuple(dict.fromkeys(weights))
    )


def described(architecture: str) -> Architecture:
    """An architecture without weights, prepared as all published weights of it are.

    Raises ModelError.
    """
    from engine.models.openclip.weights import import_offline, usual_preprocessing

    open_clip, _ = import_offline()
    layers = _layers(open_clip, architecture)
    usual = usual_preprocessing(open_clip, architecture)
    if usual.pop("quick_gelu", False):
        layers["quick_gelu"] = True
    return Architecture(architecture, _configuration(layers, usual))


def rewrite(checkpoint: Path, folder: Path) -> None:
    """Writes a checkpoint as WEIGHTS into `folder`, with the key names of its CONFIGURATION.

    So what is stored can hold no code, and fits the architecture. Takes the memory of the model
    twice. Raises ModelError.
    """
    from engine.models.openclip.weights import import_offline

    open_clip, _ = import_offline()
    from safetensors.torch import save_file

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they address whoever trains a model
            model = open_clip.create_model(
                f"local-dir:{folder}", load_weights=False, pretrained_text=False
            )
            open_clip.load_checkpoint(model, str(checkpoint), weights_only=True)
        state = {key: tensor.contiguous() for key, tensor in model.state_dict().items()}
        temporary = folder / f"{WEIGHTS}.part"  # a crash must leave no half under the right name
        save_file(state, temporary)
        temporary.replace(folder / WEIGHTS)
    except Exception as error:  # a foreign checkpoint fails in any way
        raise ModelError(
            "The weights cannot be used",
            f"{checkpoint.name}: {str(error)[:DETAIL_CHARACTERS]}. Check that the file is complete "
            "and of this architecture.",
            checkpoint,
        ) from error


def require_tensors(weights: Path) -> None:
    """Raises ModelError where a .safetensors file holds no tensors; reads its beginning only."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="np") as opened:
            if opened.keys():
                return
        detail = "it holds no tensors"
    except (SafetensorError, OSError) as error:
        detail = str(error)[:DETAIL_CHARACTERS]
    raise ModelError("The weights cannot be used", f"{weights.name}: {detail}.", weights)


def write_configuration(configuration: dict[str, Any], folder: Path) -> None:
    """Writes CONFIGURATION, with what OpenCLIP reads of it and nothing else."""
    kept = {key: configuration.get(key, {}) for key in ("model_cfg", "preprocess_cfg")}
    (folder / CONFIGURATION).write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


def _layers(open_clip: Any, architecture: str) -> dict[str, Any]:
    from engine.models.openclip.weights import unknown

    layers = open_clip.get_model_config(architecture)
    if layers is None:
        raise unknown("architecture", architecture, open_clip.list_models())
    return dict(layers)


def _configuration(layers: dict[str, Any], pictures: dict[str, Any]) -> dict[str, Any]:
    return {"model_cfg": layers, "preprocess_cfg": pictures}
