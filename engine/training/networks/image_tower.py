"""The small image tower: one MobileNetV2 or two, and what turns their maps into an embedding."""

from __future__ import annotations

import torch  # noqa: TID253 -- a module of networks, imported only to train
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from engine.training.networks import mobilenet
from engine.training.recipe import Taught

CLASSES = 1001
_HIDDEN = 1024
_HEADS = 8
_HEAD_WIDTH = 64
_LEARNING = {"first": slice(1), "second": slice(1, 2), "both": slice(2)}
_AT_ONCE_ON_CPU = 16
"""Photos whose maps fit a CPU's caches: 93 photos/s trained on two cores, 60 with 128."""


class ImageTower(nn.Module):  # type: ignore[misc]
    """Photos to embeddings: what one branch makes of a photo, and one of its mirror image.

    They are the same one while `taught` is "first". A second one makes other mistakes, and costs no
    more time than looking twice: a deep ensemble (B. Lakshminarayanan et al., NeurIPS 2017) of two.
    So that they stay two, each photo of a step teaches one of them.
    """

    def __init__(self, dimension: int, dropout: float, *, branches: int = 1) -> None:
        super().__init__()
        self.branches = nn.ModuleList(Branch(dimension, dropout) for _ in range(branches))
        self.taught: Taught = "first"

    @property
    def learning(self) -> list[Branch]:
        """The branches that are trained."""
        return list(self.branches[_LEARNING[self.taught]])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, H, W, 3) uint8 RGB to (N, D) float32, L2-normalised."""
        other = self.branches[0 if self.taught == "first" else -1]
        both = self.branches[0](pixels)[0] + other(pixels.flip(2))[0]
        return functional.normalize(both, dim=-1)

    def embed(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The embeddings (N, D), L2-normalised, and the logits (N, classes), to learn from.

        Each photo goes through one of the branches that are trained, in turn.
        """
        learning = self.learning
        turns = range(len(learning))
        parts = [learning[turn](pixels[turn :: len(learning)]) for turn in turns]
        embeddings, logits = (torch.cat(each) for each in zip(*parts, strict=True))
        order = torch.cat([torch.arange(len(pixels))[turn :: len(learning)] for turn in turns])
        back = order.argsort().to(pixels.device)
        return embeddings[back], logits[back]


class Branch(nn.Module):  # type: ignore[misc]
    """A trunk and its heads: photos to embeddings, and to the classes that the trunk knew at first.

    An embedding is the sum of three views of the trunk's maps, normalised:

    - a linear layer and a small MLP on their mean;
    - attention pooling, where each head chooses its own places of the photo;
    - the classifier's view: its chances times a table of the classes' text embeddings
      (ConSE: M. Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic
      Embeddings", ICLR 2014), with a learnt weight.
    """

    def __init__(self, dimension: int, dropout: float, classes: int = CLASSES) -> None:
        super().__init__()
        channels = mobilenet.CHANNELS
        self.trunk = nn.ModuleList(mobilenet.blocks()).to(memory_format=torch.channels_last)
        self.classifier = nn.Linear(channels, classes)
        self.class_table = nn.Parameter(torch.zeros(classes, dimension))
        self.class_weight = nn.Parameter(torch.tensor(0.3))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("deviation", torch.ones(channels))
        self.drop = nn.Dropout(dropout)
        self.linear = nn.Linear(channels, dimension)
        self.mlp = nn.Sequential(
            nn.Linear(channels, _HIDDEN),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(_HIDDEN, dimension),
        )
        self.pool = AttentionPool(channels, dimension)
        self.frozen_blocks = 0
        self.precision: torch.dtype | None = None
        """What the trunk computes in while it is trained, if not float32."""

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, H, W, 3) uint8 RGB to embeddings (N, D), L2-normalised, and logits (N, classes)."""
        places = self.places(pixels)
        mean = places.mean(1)
        logits = self.classifier(mean)
        features = self.drop((mean - self.mean) / self.deviation)
        seen = self.linear(features) + self.mlp(features)
        seen = seen + self.pool((places - self.mean) / self.deviation)
        known = logits.softmax(-1) @ self.class_table
        both = functional.normalize(seen, dim=-1) + self.class_weight * functional.normalize(
            known, dim=-1
        )
        return functional.normalize(both, dim=-1), logits

    def places(self, pixels: torch.Tensor) -> torch.Tensor:
        """(N, H, W, 3) uint8 to the trunk's last maps (N, places, 1280), in float32."""
        if not self.training or pixels.device.type != "cpu":
            return self._maps(pixels)
        return torch.cat([self._maps(part) for part in pixels.split(_AT_ONCE_ON_CPU)])

    def _maps(self, pixels: torch.Tensor) -> torch.Tensor:
        maps = (pixels.permute(0, 3, 1, 2).float() - 128) / 128
        if self.training and self.precision:
            with torch.autocast(pixels.device.type, self.precision):
                maps = self._through(maps.contiguous(memory_format=torch.channels_last))
        else:
            maps = self._through(maps)
        return maps.flatten(2).transpose(1, 2).float()

    def _through(self, maps: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            for block in self.trunk[: self.frozen_blocks]:
                maps = block(maps)
        for block in self.trunk[self.frozen_blocks :]:
            maps = block(maps)
        return maps

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def standardise(self, pixels: torch.Tensor) -> None:
        """Learns from (N, H, W, 3) uint8 how far each channel of the mean map varies."""
        means = torch.cat([self.places(part).mean(1) for part in pixels.split(_AT_ONCE_ON_CPU)])
        self.mean.copy_(means.mean(0))
        self.deviation.copy_(means.std(0).clamp(min=1e-3))


class AttentionPool(nn.Module):  # type: ignore[misc]
    """Each head weighs the places of a photo by what is there, and adds up what it wants of them.

    The pooling of CLIP's ResNets (Radford et al., 2021) with a learnt query per head. It begins
    at nothing, so that training begins with the mean alone.
    """

    def __init__(self, channels: int, dimension: int) -> None:
        super().__init__()
        self.query = nn.Linear(channels, _HEADS)
        self.value = nn.Parameter(torch.randn(_HEADS, channels, _HEAD_WIDTH) * channels**-0.5)
        self.out = nn.Linear(_HEADS * _HEAD_WIDTH, dimension)
        nn.init.normal_(self.query.weight, std=0.02)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """(N, places, C) to (N, D)."""
        weights = self.query(places).softmax(1)
        pooled = torch.einsum("nph,npc->nhc", weights, places)
        return self.out(torch.einsum("nhc,hcd->nhd", pooled, self.value).flatten(1))
