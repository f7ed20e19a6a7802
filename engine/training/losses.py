"""The losses that training adds up. All take L2-normalised embeddings and give a mean."""

from __future__ import annotations

from collections.abc import Sequence

import torch  # noqa: TID253 -- losses of networks, imported only to train
from torch.nn import functional  # noqa: TID253

_NEVER = -1e4
"""A logit of no chance that half precision still holds."""


def infonce(
    scores: torch.Tensor,
    right: torch.Tensor,
    *,
    further: torch.Tensor | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Cross-entropy of each query's candidates (van den Oord et al., 2018; CLIP, 2021).

    `scores` (Q, N) are cosines times the inverse temperature, `right` (Q,) the candidate that
    answers each, `further` (Q, B) the scores of further negatives.
    """
    if further is not None:
        scores = torch.cat([scores, further], 1)
    return functional.cross_entropy(scores, right, label_smoothing=smoothing)


def sigmoid(scores: torch.Tensor, right: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Each pair is a question of its own (SigLIP: Zhai et al., 2023).

    `scores` (Q, N) as for `infonce`, `right` (Q, N) bool, `bias` the learnt offset. Summed over
    the candidates, averaged over the queries, as in the paper.
    """
    signs = right.to(scores.dtype) * 2 - 1
    return -functional.logsigmoid(signs * (scores + bias)).sum(1).mean()


def hardest_triplet(cosines: torch.Tensor, right: torch.Tensor, margin: float) -> torch.Tensor:
    """How far the hardest negative comes within `margin` (VSE++: Faghri et al., 2018).

    `cosines` (Q, N), `right` (Q, N) bool with one at least in each row.
    """
    positive = cosines.masked_fill(~right, 2).min(1).values
    negative = cosines.masked_fill(right, -2).max(1).values
    return functional.relu(margin + negative - positive).mean()


def distillation(embeddings: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """1 - cosine of (N, D) to the teacher's (N, D)."""
    return (1 - (embeddings * teacher).sum(-1)).mean()


def retention(logits: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """KL(teacher || student) of (N, classes) logits.

    Z. Li and D. Hoiem, "Learning without Forgetting", ECCV 2016.
    """
    return functional.kl_div(
        logits.log_softmax(-1), teacher.log_softmax(-1), reduction="batchmean", log_target=True
    )


def affinity(scores: torch.Tensor, views: Sequence[torch.Tensor]) -> torch.Tensor:
    """KL(teachers || student) of which of N texts fit each of Q photos, and the other way round.

    `scores` (Q, N) are the student's cosines times its inverse temperature, `views` the cosines of
    each teacher, (Q, N). Affinity mimicking as in TinyCLIP (Wu et al., ICCV 2023). The teachers'
    cosines are standardised, averaged, and spread as far as the student's (S. Sun et al., "Logit
    Standardization in Knowledge Distillation", CVPR 2024), since no two models' mean the same.
    """
    mean = torch.stack([(view - view.mean()) / view.std() for view in views]).mean(0)
    wanted = mean * (scores.detach().std() / mean.std())
    return (retention(scores, wanted) + retention(scores.T, wanted.T)) / 2


def classification(scores: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of (N, labels) scores with `shares` of each label, which add up to 1."""
    return -(shares * scores.log_softmax(1)).sum(1).mean()


def without(scores: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """The scores of negatives, less those that are none: `same` (Q, B) bool."""
    return scores.masked_fill(same, _NEVER)
