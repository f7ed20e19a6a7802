"""Fits an adapter to examples, and keeps it only where it helps photos that it has not seen.

The loss is InfoNCE (A. van den Oord et al., 2018) of each query with a photo that is right, against
the other photos of the examples, photos of the library and the photos that were rejected. Queries
for everyday things are held to the ranking that they have: the KL divergence of before and after,
as in "Learning without Forgetting" (Z. Li, D. Hoiem, 2016).

Photos are held out in turn (cross-validation), and what is measured on all of them decides after
how many steps to stop. That many are then taken with all examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.training.adapters.adapter import Adapter, Floats, Measured, adapted

FEWEST_PHOTOS = 8
RANK = 16
FOLDS = 5
STEPS = (5, 10, 20, 40, 80, 160)
"""After how many steps the fit may stop."""

LEAST_KEPT = 0.85
"""The share of the first ten photos for everyday words that must stay among the first ten."""

BEYOND_CHANCE = 2.0
"""How many standard errors above 0 the mean gain must lie."""

FIRST = 10
PAIRS_AT_ONCE = 128
NEGATIVES_AT_ONCE = 512
RATE = 1e-3
DEVIATIONS = 0.5
"""The temperature, in standard deviations of a query's cosines: they differ by model."""

KEEPING = 16.0
"""The weight of everyday queries."""

_Weights = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What an adapter is fitted to; all vectors are L2-normalised.

    `queries` (Q, D) and `photos` (P, D), and of each pair `judged` (Q, P) int8: 1 where the photo
    is liked, -1 where it is rejected, else 0. `library` (N, D): other photos. `everyday` (T, D):
    queries whose answers are to stay; `more_everyday` (U, D): such as are only measured.
    """

    queries: Floats
    photos: Floats
    judged: NDArray[np.int8]
    library: Floats
    everyday: Floats
    more_everyday: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Liked photos that were held out: which, their ranks, and the share of the rejected that
    they are above, NaN where none was held out."""

    photos: NDArray[np.int64]
    ranks: NDArray[np.float64]
    above: NDArray[np.float64]

    @classmethod
    def joined(cls, parts: list[_Ranked]) -> _Ranked:
        """Those of several folds."""
        return cls(
            np.concatenate([part.photos for part in parts]),
            np.concatenate([part.ranks for part in parts]),
            np.concatenate([part.above for part in parts]),
        )

    @property
    def merits(self) -> NDArray[np.float64]:
        """(L,) what decides: the share above the rejected, or else how near the top, in powers."""
        return self.above if np.isfinite(self.above).any() else -np.log(self.ranks)

    @property
    def figures(self) -> dict[str, float]:
        """As `Measured` has them."""
        shares = {"recall@10": np.mean(self.ranks <= FIRST), "mrr": np.mean(1 / self.ranks)}
        if np.isfinite(self.above).any():
            shares = {"liked_above_rejected": np.nanmean(self.above), **shares}
        told = {name: round(100 * float(share), 1) for name, share in shares.items()}
        return told | {"median_rank": float(np.median(self.ranks))}


def fit(examples: Examples, fingerprint: str, *, seed: int = 0) -> Adapter:
    """The adapter that serves photos best that it was not fitted to; the same for the same seed.

    Raises ModelError where there are too few examples, or where none serves them better than
    chance would have it.
    """
    with _one_thread():
        return _fitted(examples, fingerprint, seed)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Of torch's: matrices this small cost more to share out than to multiply (5 times as long)."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _fitted(examples: Examples, fingerprint: str, seed: int) -> Adapter:
    folds = folds_of(examples.judged)
    _refuse_too_few(examples, folds)
    nothing = np.zeros((examples.queries.shape[1], 0), np.float32)
    before = _Ranked.joined(
        [_rank(examples, folds == fold, (nothing, nothing.T)) for fold in range(FOLDS)]
    )
    seen: dict[int, list[_Ranked]] = {steps: [] for steps in STEPS}
    kept: dict[int, list[float]] = {steps: [] for steps in STEPS}
    for fold in range(FOLDS):
        held = folds == fold
        for steps, weights in zip(STEPS, _train(examples, ~held, seed), strict=True):
            seen[steps].append(_rank(examples, held, weights))
            kept[steps].append(_kept(examples, weights))
    after = {
        steps: _Ranked.joined(parts)
        for steps, parts in seen.items()
        if np.mean(kept[steps]) >= LEAST_KEPT
    }
    if not after:
        raise ModelError(
            "The adapter would change too much",
            "It would change what other words find, so that nothing was kept. More examples, and "
            "words that say what is in the photos, may help.",
        )
    best = max(after, key=lambda steps: float(np.nanmean(after[steps].merits)))
    if not _beyond_chance(before, after[best]):
        raise ModelError(
            "The adapter does not help",
            "Photos that were held out are not found better with it than without, so that nothing "
            "was kept. More captions, or more liked and rejected results per query, may help; "
            "what is in the photos must be what the words say.",
        )
    *_, weights = _train(examples, np.ones_like(folds, bool), seed, up_to=best)
    measured = Measured(
        queries=len(examples.queries),
        photos=int((examples.judged > 0).any(axis=0).sum()),
        before=before.figures,
        after=after[best].figures,
        kept=round(100 * _kept(examples, weights), 1),
    )
    return Adapter(*weights, fingerprint, measured)


def folds_of(judged: NDArray[np.int8]) -> NDArray[np.int64]:
    """(P,) the fold that each photo is held out in.

    Captions of one photo are held out together; of each query, some liked and some rejected are.
    """
    folds = np.full(judged.shape[1], -1)
    begun = 0
    for row in judged:
        liked, rejected = np.flatnonzero(row > 0), np.flatnonzero(row < 0)
        fresh = int((folds[row != 0] < 0).sum())
        for photos in (liked, rejected):
            places = (begun + np.arange(len(photos))) % FOLDS
            folds[photos] = np.where(folds[photos] < 0, places, folds[photos])
        begun += fresh
    return folds


def _refuse_too_few(examples: Examples, folds: NDArray[np.int64]) -> None:
    is_liked = (examples.judged > 0).any(axis=0)
    liked = int(is_liked.sum())
    if liked < FEWEST_PHOTOS or len(np.unique(folds[is_liked])) < 2:
        raise ModelError(
            "There are too few examples",
            f"An adapter needs {FEWEST_PHOTOS} captioned or liked photos, better 50 and more; "
            f"there are {liked}. Photos count whose words the model knows something of.",
        )


def _rank(examples: Examples, held: NDArray[np.bool_], weights: _Weights) -> _Ranked:
    """Where the liked photos that are `held` (P,) out rank, among all that is not fitted to."""
    moved = adapted(examples.queries, *weights)
    queries, photos = np.nonzero((examples.judged > 0) & held)
    ranks, above = np.empty(len(queries)), np.full(len(queries), np.nan)
    for start in range(0, len(queries), PAIRS_AT_ONCE):
        rows = slice(start, start + PAIRS_AT_ONCE)
        asked = queries[rows]
        scores = moved[asked] @ examples.photos.T
        own = scores[np.arange(len(asked)), photos[rows]][:, None]
        judged = examples.judged[asked]
        rejected = (judged < 0) & held
        rivals = (judged == 0) | rejected
        ahead = ((scores >= own) & rivals).sum(axis=1)
        ahead += (moved[asked] @ examples.library.T >= own).sum(axis=1)
        ranks[rows] = 1 + ahead
        counts = rejected.sum(axis=1)
        wins = ((scores < own) & rejected).sum(axis=1)
        above[rows] = np.where(counts > 0, wins / np.maximum(counts, 1), np.nan)
    return _Ranked(photos, ranks, above)


def _kept(examples: Examples, weights: _Weights) -> float:
    """The share of the first ten photos that stay there, for everyday queries not trained on."""
    asked = examples.more_everyday
    gallery = np.concatenate([examples.photos, examples.library]).T
    first = [
        np.argsort(-(queries @ gallery), axis=1)[:, :FIRST]
        for queries in (asked, adapted(asked, *weights))
    ]
    shares = [len(np.intersect1d(b, a)) / len(b) for b, a in zip(*first, strict=True)]
    return float(np.mean(shares)) if shares else 1.0


def _beyond_chance(before: _Ranked, after: _Ranked) -> bool:
    """Whether photos gain more than the spread of their gains explains.

    Captions of one photo tell little beyond each other: a photo's gain is their mean.
    """
    gains = after.merits - before.merits
    known = np.isfinite(gains)
    photos, gains = before.photos[known], gains[known]
    of_photo = np.array([gains[photos == photo].mean() for photo in np.unique(photos)])
    if len(of_photo) < 2:
        return False
    error = float(of_photo.std(ddof=1)) / np.sqrt(len(of_photo))
    return bool(of_photo.mean() > BEYOND_CHANCE * error)


def _train(
    examples: Examples, chosen: NDArray[np.bool_], seed: int, up_to: int = STEPS[-1]
) -> Iterator[_Weights]:
    """The weights after each of STEPS, fitted to the photos that are `chosen` (P,)."""
    import torch

    rng = np.random.default_rng(seed)
    size = examples.queries.shape[1]
    down = torch.tensor(rng.standard_normal((size, RANK)), dtype=torch.float32, requires_grad=True)
    up = torch.zeros((RANK, size), requires_grad=True)
    optimiser = torch.optim.AdamW([down, up], lr=RATE, weight_decay=0.0)
    batches = _batches(examples, chosen, rng)
    for step in range(1, up_to + 1):
        loss = _loss(next(batches), down, up)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step in STEPS:
            yield down.detach().numpy().copy(), up.detach().numpy().copy()


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """B queries, the C photos that they are compared with, and T everyday queries.

    `right` (B,) is the column of each query's photo; `compared` (B, C) whether a column counts;
    `refused` (B, C) whether it was rejected.
    """

    queries: Floats
    photos: Floats
    right: NDArray[np.int64]
    compared: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    everyday: Floats


def _batches(
    examples: Examples, chosen: NDArray[np.bool_], rng: np.random.Generator
) -> Iterator[_Batch]:
    queries, photos = np.nonzero((examples.judged > 0) & chosen)
    rejected = np.flatnonzero(((examples.judged < 0) & chosen).any(axis=0))
    everyday = examples.everyday
    while True:
        order = rng.permutation(len(queries))
        for start in range(0, len(order), PAIRS_AT_ONCE):
            rows = order[start : start + PAIRS_AT_ONCE]
            columns, right = np.unique(photos[rows], return_inverse=True)
            columns = np.concatenate([columns, np.setdiff1d(rejected, columns)])
            judged = examples.judged[np.ix_(queries[rows], columns)]
            others = rng.permutation(len(examples.library))[:NEGATIVES_AT_ONCE]
            # Another photo that is right is none to push away, nor one that others rejected.
            compared = (judged < 0) | ((judged == 0) & ~np.isin(columns, rejected))
            compared[np.arange(len(rows)), right] = True
            beside = ((0, 0), (0, len(others)))
            yield _Batch(
                examples.queries[queries[rows]],
                np.concatenate([examples.photos[columns], examples.library[others]]),
                right,
                np.pad(compared, beside, constant_values=True),
                np.pad(judged < 0, beside),
                everyday[rng.permutation(len(everyday))[:PAIRS_AT_ONCE]],
            )


def _loss(batch: _Batch, down: Any, up: Any) -> Any:
    import torch
    from torch.nn import functional

    def moved(queries: Floats) -> Any:
        known = torch.from_numpy(queries)
        hidden = functional.gelu(known @ down, approximate="tanh")
        return functional.normalize(known + hidden @ up, dim=1)

    photos, right = torch.from_numpy(batch.photos), torch.from_numpy(batch.right)
    temperature = DEVIATIONS * max(float((batch.queries @ batch.photos.T).std(axis=1).mean()), 1e-3)
    scores = moved(batch.queries) @ photos.T / temperature
    compared = torch.from_numpy(batch.compared)
    loss = functional.cross_entropy(scores.masked_fill(~compared, -torch.inf), right)
    refused = torch.from_numpy(batch.refused)
    if refused.any():
        own = functional.one_hot(right, scores.shape[1]).bool()
        loss = loss + functional.cross_entropy(
            scores.masked_fill(~(refused | own), -torch.inf), right
        )
    if len(batch.everyday):
        stays = torch.from_numpy(batch.everyday @ batch.photos.T) / temperature
        goes = moved(batch.everyday) @ photos.T / temperature
        loss = loss + KEEPING * functional.kl_div(
            goes.log_softmax(1), stays.log_softmax(1), reduction="batchmean", log_target=True
        )
    return loss
