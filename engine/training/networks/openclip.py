"""Any model of open_clip as the two towers that training takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch  # noqa: TID253 -- a module of networks, imported only to train
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from engine.errors import RecipeError
from engine.models.openclip.spec import CONFIGURATION
from engine.models.openclip.untrained import Untrained, build_untrained
from engine.models.openclip.weights import WEIGHTS
from engine.paths import shown
from engine.training.networks.precision import bfloat16_is_fast
from engine.training.recipe import Recipe, Stage, Towers

_NO_DECAY = 1
_OF_SMALL_TOWERS = ("image", "second_image", "image_labels", "vocabulary", "unihan")


class OpenClipTowers:
    """A model of open_clip with its own tokenizer, trained as `SmallEncoder` is.

    Texts longer than the model's context are cut off. The temperature is the objective's; what
    the configuration says of dropout and the like holds.
    """

    def __init__(self, recipe: Recipe, root: Path) -> None:
        """With random weights, or those that the recipe names; its paths are relative to `root`.

        Raises ModelError where the model cannot be built, and RecipeError where the recipe does
        not fit it.
        """
        built = _built(recipe.towers, root)
        pictures = built.model.visual.preprocess_cfg
        size = pictures["size"]
        _check(
            recipe,
            {size} if isinstance(size, int) else set(size),
            built.configuration["model_cfg"]["embed_dim"],
        )
        self.classes: tuple[str, ...] = ()
        self.image = _ImageTower(built.model.visual, pictures["mean"], pictures["std"])
        self.text = _TextTower(built.model.text)
        self._model = built.model
        self._tokenizer = built.tokenizer
        self._configuration = built.configuration

    def to(self, device: str) -> None:
        """Moves the towers to where they will be trained, in the precision that is fast there."""
        self._model.to(device)
        self.image.to(device)
        fast = torch.bfloat16 if bfloat16_is_fast(device) else None
        self.image.precision = self.text.precision = fast

    def ids(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """The int64 ids of each text, (context,): the tokenizer fills up what is shorter."""
        return list(self._tokenizer(list(texts)))

    def embed_photos(self, pixels: torch.Tensor) -> tuple[torch.Tensor, None]:
        """(N, H, W, 3) uint8 to (N, D), L2-normalised; there are no classes."""
        return self.image(pixels), None

    def parameter_groups(self, stage: Stage) -> list[dict[str, Any]]:
        """Both towers' parameters, at the trunk's and the text's rate; those of one row decay not.

        `frozen_blocks` of a stage is 0 or "all", which trains the text tower alone (LiT: X. Zhai
        et al., CVPR 2022).
        """
        locked = stage.frozen_blocks == "all"
        self._model.requires_grad_(True)
        if locked:
            self._model.visual.lock()
        self.image.locked = locked
        groups = []
        for tower, rate in ((self.image, stage.trunk_rate), (self.text, stage.text_rate)):
            learnt = [each for each in tower.parameters() if each.requires_grad]
            moving = [each for each in learnt if each.ndim > _NO_DECAY]
            still = [each for each in learnt if each.ndim <= _NO_DECAY]
            groups += [
                {"params": moving, "lr": rate, "weight_decay": stage.weight_decay},
                {"params": still, "lr": rate, "weight_decay": 0.0},
            ]
        return [group for group in groups if group["params"]]

    def save(self, folder: Path) -> None:
        """Writes the model into `folder`, which `openclip:FOLDER` loads, as open_clip does."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        weights = {
            name: value.detach().cpu().contiguous()
            for name, value in self._model.state_dict().items()
        }
        beside = folder / f"{WEIGHTS}.tmp"
        save_file(weights, beside)
        described = json.dumps(self._configuration, indent=2) + "\n"
        (folder / CONFIGURATION).write_text(described, "utf-8")
        beside.replace(folder / WEIGHTS)


class _ImageTower(nn.Module):  # type: ignore[misc]
    def __init__(self, tower: Any, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.tower = tower
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), False)
        self.locked = False
        self.precision: torch.dtype | None = None
        """What the tower computes in while it is trained, if not float32."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, E, E, 3) uint8 RGB to (N, D) float32, L2-normalised."""
        scaled = pixels.permute(0, 3, 1, 2).float() / 255
        return _embedded(self, (scaled - self.mean) / self.deviation)

    def train(self, mode: bool = True) -> _ImageTower:
        """A locked tower goes on evaluating: its running means are locked too."""
        super().train(mode and not self.locked)
        return self


class _TextTower(nn.Module):  # type: ignore[misc]
    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tower = tower
        self.precision: torch.dtype | None = None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(N, context) int64 to (N, D) float32, L2-normalised."""
        return _embedded(self, ids)


def _embedded(module: Any, given: torch.Tensor) -> torch.Tensor:
    if module.precision and torch.is_grad_enabled():  # locked towers do not say that they train
        with torch.autocast(given.device.type, module.precision):
            embeddings = module.tower(given)
    else:
        embeddings = module.tower(given)
    return functional.normalize(embeddings.float(), dim=-1)


def _built(towers: Towers, root: Path) -> Untrained:
    assert towers.openclip is not None
    for key in _OF_SMALL_TOWERS:
        if getattr(towers, key) is not None:
            raise RecipeError(
                "The recipe cannot be used",
                f"towers.{key} belongs to Keepsight's own towers. Take it out, or take out "
                "towers.openclip.",
            )
    weights = root / towers.openclip_weights.path if towers.openclip_weights else None
    configuration = None
    if towers.openclip.endswith(".json"):
        configuration = _configuration(root / towers.openclip)
    return build_untrained(towers.openclip, configuration, weights)


def _configuration(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise RecipeError(
            "The model's configuration cannot be read", f"{shown(file)}: {error}", file
        ) from error
    layers = read.get("model_cfg", read) if isinstance(read, dict) else None
    missing = [
        key
        for key, kind in (("embed_dim", int), ("vision_cfg", dict), ("text_cfg", dict))
        if not isinstance(layers, dict) or not isinstance(layers.get(key), kind)
    ]
    if missing:
        raise RecipeError(
            "The model's configuration cannot be used",
            f"{shown(file)} has no usable {', '.join(missing)}.",
            file,
        )
    return dict(read)


def _check(recipe: Recipe, edges: set[int], dimension: int) -> None:
    def refuse(key: str, allowed: str) -> RecipeError:
        return RecipeError(
            "The recipe does not fit the model",
            f"With {recipe.towers.openclip}, {key} must be {allowed}.",
        )

    if len(edges) != 1:
        raise RecipeError(
            "The model cannot be trained", f"{recipe.towers.openclip} wants no square pictures."
        )
    edge_px = edges.pop()
    if recipe.towers.dimension != dimension:
        raise refuse("towers.dimension", str(dimension))
    if recipe.towers.edge_px != edge_px:
        raise refuse("towers.edge_px", str(edge_px))
    for number, stage in enumerate(recipe.stages):
        if stage.edge_px != edge_px:
            raise refuse(f"stages[{number}].edge_px", str(edge_px))
        if stage.frozen_blocks not in (0, "all"):
            raise refuse(f"stages[{number}].frozen_blocks", '0 or "all"')
