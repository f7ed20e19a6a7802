"""The small text tower: a bag of word pieces, with the phrases that they form."""

from __future__ import annotations

import torch  # noqa: TID253 -- a module of networks, imported only to train
from torch import nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

_HIDDEN = 512
_HEADS = 4
_MOST_PLACES = 512
_DROPOUT = 0.1


class TextTower(nn.Module):  # type: ignore[misc]
    """Word pieces to embeddings.

    Each piece has a vector and a weight; their weighted sum, normalised, goes through a linear
    layer and a small residual MLP (a bag, as Model2Vec's static embeddings). With `layers`, as
    many transformer layers read the pieces in their order and add their mean.
    """

    def __init__(self, pieces: int, width: int, dimension: int, *, layers: int = 0) -> None:
        super().__init__()
        self.vectors = nn.Embedding(pieces, width, padding_idx=0)
        self.weights = nn.Embedding(pieces, 1, padding_idx=0)
        nn.init.normal_(self.vectors.weight, std=width**-0.5)
        nn.init.ones_(self.weights.weight)
        self.linear = nn.Linear(width, dimension)
        self.mlp = nn.Sequential(
            nn.Linear(width, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, dimension)
        )
        nn.init.zeros_(self.mlp[2].weight)
        nn.init.zeros_(self.mlp[2].bias)
        self.reader = Reader(width, dimension, layers) if layers else None
        self.word_dropout = 0.0

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(N, L) int64, padded with 0, to (N, D) float32, L2-normalised."""
        known = ids != 0
        vectors = self.vectors(ids)
        if self.training and self.word_dropout:
            kept = torch.rand(ids.shape, device=ids.device) > self.word_dropout
            known = known & (kept | (known.cumsum(1) == 1))
        weights = self.weights(ids).squeeze(-1) * known
        bag = functional.normalize((vectors * weights.unsqueeze(-1)).sum(1), dim=-1)
        embedded = self.linear(bag) + self.mlp(bag)
        if self.reader is not None:
            embedded = embedded + self.reader(vectors, known)
        return functional.normalize(embedded, dim=-1)


class Reader(nn.Module):  # type: ignore[misc]
    """A transformer over the pieces in their order; begins at nothing."""

    def __init__(self, width: int, dimension: int, layers: int) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.randn(_MOST_PLACES, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, _HEADS, 2 * width, _DROPOUT, "gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, dimension)
        nn.init.normal_(self.out.weight, std=0.002)
        nn.init.zeros_(self.out.bias)

    def forward(self, vectors: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """(N, L, width) vectors and (N, L) bool to (N, D)."""
        width = vectors.shape[-1]
        read = functional.normalize(vectors, dim=-1) * width**0.5 + self.places[: vectors.shape[1]]
        # A text without a piece must not give NaN: its first place is attended to, not counted.
        hidden = ~known & (torch.arange(known.shape[1], device=known.device) > 0)
        read = self.layers(read, src_key_padding_mask=hidden)
        counted = known.unsqueeze(-1).float()
        return self.out((read * counted).sum(1) / counted.sum(1).clamp(min=1))
