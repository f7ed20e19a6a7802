"""Another model than the starter, for tests of models that take turns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TINY = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    """The name of a tiny OpenCLIP model, saved to disk with random weights."""
    from engine.models.torchvision_shim import import_torchvision

    import_torchvision()
    import open_clip
    import torch

    torch.manual_seed(0)
    model = open_clip.CLIP(**TINY)
    folder = tmp_path / "tiny"
    folder.mkdir()
    config = {
        "model_cfg": TINY,
        "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return f"openclip:{folder}"
