"""Reads the name of an OpenCLIP model: which architecture, and where its weights come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError

PREFIX = "openclip:"
CONFIGURATION = "open_clip_config.json"


@dataclass(frozen=True, slots=True)
class OpenClipSpec:
    """Either a `folder`, or an `architecture` with a published `tag` or a `checkpoint`."""

    folder: Path | None = None
    architecture: str = ""
    tag: str = ""
    checkpoint: Path | None = None


def parse_spec(spec: str) -> OpenClipSpec:
    """What `spec` names; the folder or checkpoint exists. Raises ModelError.

    - `openclip:ViT-B-32/laion2b_s34b_b79k`: published weights
    - `openclip:ViT-B-32@/path/to/weights.pt`: a checkpoint (.pt, .bin, .safetensors)
    - `openclip:/path/to/folder`: a folder with open_clip_config.json and weights
    """
    rest = spec.removeprefix(PREFIX)
    path = Path(rest).expanduser()
    if path.is_dir():
        if not (path / CONFIGURATION).is_file():
            raise ModelError(
                "This folder holds no model",
                f"It has no {CONFIGURATION}. Pick the folder that OpenCLIP saved.",
                path,
            )
        return OpenClipSpec(folder=path.absolute())
    architecture, at, checkpoint = rest.partition("@")
    if at:
        weights = Path(checkpoint).expanduser()
        if not weights.is_file():
            raise ModelError("The checkpoint is missing", f"There is no file {weights}.", weights)
        return OpenClipSpec(architecture=architecture, checkpoint=weights.absolute())
    if path.is_absolute():
        raise ModelError("The model's folder is missing", f"There is no folder {path}.", path)
    architecture, slash, tag = rest.rpartition("/")
    if not slash or not architecture or not tag:
        raise ModelError(
            "The model's name is incomplete",
            f"“{spec}” should be “openclip:ARCHITECTURE/WEIGHTS”, "
            "“openclip:ARCHITECTURE@CHECKPOINT” or “openclip:FOLDER”.",
        )
    return OpenClipSpec(architecture=architecture, tag=tag)
