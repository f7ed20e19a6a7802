"""A tiny architecture that OpenCLIP believes to know, with random weights published at the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ARCHITECTURE = "keepsight-published"
TAG = "mine"
REPOSITORY = "someone/tiny"
CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
KNOWN = {
    "hf_hub": f"{REPOSITORY}/",
    "mean": (0.1, 0.2, 0.3),
    "std": (0.5, 0.5, 0.5),
    "interpolation": "bicubic",
    "resize_mode": "squash",
}


def weights(folder: Path) -> dict[str, Path]:
    """Registers the architecture; a checkpoint of it in each form, the same in all."""
    from engine.models.openclip.weights import import_offline

    open_clip, torch = import_offline()
    from safetensors.torch import save_file

    (folder / f"{ARCHITECTURE}.json").write_text(json.dumps(CONFIG), "utf-8")
    open_clip.add_model_config(folder / f"{ARCHITECTURE}.json")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        state = open_clip.create_model(ARCHITECTURE).state_dict()
    made = {suffix: folder / f"weights{suffix}" for suffix in (".safetensors", ".bin", ".pt")}
    save_file(state, made[".safetensors"])
    torch.save(state, made[".bin"])
    # As a training script saves it, from several GPUs.
    torch.save({"state_dict": {f"module.{k}": v for k, v in state.items()}}, made[".pt"])
    return made


def publish(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """Makes OpenCLIP believe that it knows weights of the architecture."""
    from open_clip import pretrained

    monkeypatch.setitem(pretrained._PRETRAINED, ARCHITECTURE, {TAG: {**KNOWN, **more}})
