"""What a step minimises: the losses of a recipe, weighed, on what the towers make of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch  # noqa: TID253 -- losses of networks, imported only to train
from numpy.typing import NDArray
from torch import nn  # noqa: TID253

from engine.training import losses
from engine.training.data.dataset import CaptionTable
from engine.training.data.steps import Step
from engine.training.ensemble import View
from engine.training.networks.towers import DualEncoder
from engine.training.recipe import Losses

_HOTTEST = math.log(100)
"""Of the learnt inverse temperature, as in CLIP."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The words of a run as ids, and what the teachers said; empty where there is no teacher."""

    captions: tuple[torch.Tensor, ...]
    """The ids of each caption."""
    labels: torch.Tensor
    """(labels, L) ids of "a photo of a {label}"."""
    label_shares: torch.Tensor
    """(labelled photos, labels): 1 over how many a photo has, for those that it has."""
    classes: torch.Tensor | None
    """(classes, L) ids of the same for the initial classifier's classes."""
    sentences: tuple[torch.Tensor, ...]
    taught_captions: torch.Tensor | None
    """(captions, D) of the sentence teacher; of another language's, the photo's others' mean."""
    taught_photos: torch.Tensor | None
    """(captioned photos, D): the mean of what it made of each one's captions."""
    taught_labels: torch.Tensor | None
    taught_sentences: torch.Tensor | None
    known_captioned: torch.Tensor | None
    """(captioned photos, classes) logits of the initial classifier."""
    known_labelled: torch.Tensor | None
    views: tuple[View, ...] = ()
    """Of the ensemble."""


class Objective(nn.Module):  # type: ignore[misc]
    """The sum of a recipe's losses, with its learnt temperature and its bank of photos."""

    def __init__(self, weights: Losses, table: CaptionTable, tables: Tables) -> None:
        super().__init__()
        self.weights = weights
        self._owners = torch.from_numpy(table.owners)
        self._tables = tables
        self.log_scale = nn.Parameter(torch.tensor(-math.log(weights.temperature)))
        self.offset = nn.Parameter(torch.tensor(-10.0))  # SigLIP's, where its loss begins
        self.bank: torch.Tensor
        self.bank_owners: torch.Tensor
        self.register_buffer("bank", torch.zeros(0, 0))
        self.register_buffer("bank_owners", torch.zeros(0, dtype=torch.long))

    @property
    def scale(self) -> torch.Tensor:
        """The inverse temperature."""
        return self.log_scale.clamp(max=_HOTTEST).exp()

    def forward(self, encoder: DualEncoder, step: Step) -> dict[str, torch.Tensor]:
        """The weighed losses of a step by name; their sum is what is minimised."""
        device = self.log_scale.device
        photos, logits = encoder.embed_photos(torch.from_numpy(step.pixels).to(device))
        captioned, labelled = photos[: len(step.photos)], photos[len(step.photos) :]
        found = self._captions(encoder, step, photos)
        found |= self._labels(encoder, step, labelled)
        found |= self._sentences(encoder, step)
        if logits is not None:
            found |= self._retained(encoder, step, photos, logits)
        self._remember(captioned, torch.from_numpy(step.photos).to(device))
        return found

    def _captions(
        self, encoder: DualEncoder, step: Step, all_photos: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        weights, photos = self.weights, all_photos[: len(step.photos)]
        count, per_photo = step.captions.shape
        of_photos = step.captions.T.reshape(-1)
        rows, others = step.others.T
        chosen = np.concatenate([of_photos, step.more, others])
        embedded = encoder.text(_padded(self._tables.captions, chosen, photos.device))
        first, more, foreign = embedded.split([len(of_photos), len(step.more), len(others)])
        owners = torch.from_numpy(step.photos).to(photos.device)
        further = (more, self._owners.to(photos.device)[torch.from_numpy(step.more)])
        parts = first.view(per_photo, count, -1)
        contrast = [self._contrast(photos, part, owners, further) for part in parts]
        found = {"contrast": sum(contrast) / per_photo}
        if len(others) > 1 and weights.other_languages:
            chosen_rows = torch.from_numpy(rows).to(photos.device)
            found["other languages"] = weights.other_languages * self._contrast(
                photos[chosen_rows], foreign, owners[chosen_rows], further
            )
        if self._tables.taught_captions is not None and weights.distilled_captions:
            taught = self._tables.taught_captions[torch.from_numpy(chosen)].to(photos.device)
            found["distilled captions"] = weights.distilled_captions * losses.distillation(
                embedded, taught.float()
            )
        if weights.taught_photos:
            found["taught photos"] = weights.taught_photos * self._taught(photos, owners)
        if weights.taught_captions:
            of_foreign = owners[torch.from_numpy(rows).to(photos.device)]
            found["taught captions"] = weights.taught_captions * self._taught(
                torch.cat([parts[0], foreign]), torch.cat([owners, of_foreign])
            )
        if weights.mimicked_affinities:
            loss = losses.affinity(self.scale * all_photos @ embedded.T, self._viewed(step, chosen))
            found["mimicked affinities"] = weights.mimicked_affinities * loss
        return found

    def _viewed(self, step: Step, captions: NDArray[np.int64]) -> list[torch.Tensor]:
        """The cosines of the step's photos to `captions`, to each model of the ensemble."""
        device = self.log_scale.device
        found = []
        for view in self._tables.views:
            photos = torch.cat(
                [
                    view.captioned[torch.from_numpy(step.photos)],
                    view.labelled[torch.from_numpy(step.labelled)],
                ]
            )
            texts = view.captions[torch.from_numpy(captions)]
            found.append(photos.to(device).float() @ texts.to(device).float().T)
        return found

    def _taught(self, embedded: torch.Tensor, owners: torch.Tensor) -> torch.Tensor:
        """Photos or captions (N, D) against the sentence teacher's view of all photos."""
        assert self._tables.taught_photos is not None
        taught = self._tables.taught_photos.to(embedded.device).float()
        smoothing = self.weights.label_smoothing
        return losses.infonce(self.scale * embedded @ taught.T, owners, smoothing=smoothing)

    def _contrast(
        self,
        photos: torch.Tensor,
        captions: torch.Tensor,
        owners: torch.Tensor,
        further: tuple[torch.Tensor, torch.Tensor],
    ) -> torch.Tensor:
        """Photos against captions and captions against photos; row by row they belong together."""
        cosines = photos @ captions.T
        more, more_owners = further
        same = owners[:, None] == owners[None]
        if self.weights.contrast == "triplet":
            margin = self.weights.margin
            return losses.hardest_triplet(cosines, same, margin) + losses.hardest_triplet(
                cosines.T, same, margin
            )
        to_more = photos @ more.T
        to_bank = captions @ self.bank.T if len(self.bank) else captions[:, :0]
        is_more = owners[:, None] == more_owners[None]
        is_bank = owners[:, None] == self.bank_owners[None]
        if self.weights.contrast == "sigmoid":
            scores = self.scale * torch.cat([cosines, to_more], 1)
            return losses.sigmoid(scores, torch.cat([same, is_more], 1), self.offset)
        right = torch.arange(len(photos), device=photos.device)
        smoothing = self.weights.label_smoothing
        one_way = losses.infonce(
            self.scale * cosines,
            right,
            further=losses.without(self.scale * to_more, is_more),
            smoothing=smoothing,
        )
        other_way = losses.infonce(
            self.scale * cosines.T,
            right,
            further=losses.without(self.scale * to_bank, is_bank) if len(self.bank) else None,
            smoothing=smoothing,
        )
        return (one_way + other_way) / 2

    def _labels(
        self, encoder: DualEncoder, step: Step, photos: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        if not len(step.labelled) or not self.weights.labels:
            return {}
        names = encoder.text(self._tables.labels.to(photos.device))
        shares = self._tables.label_shares[torch.from_numpy(step.labelled)].to(photos.device)
        loss = losses.classification(self.scale * photos @ names.T, shares)
        found = {"labels": self.weights.labels * loss}
        if self._tables.taught_labels is not None and self.weights.distilled_captions:
            taught = self._tables.taught_labels.to(photos.device)
            distilled = losses.distillation(names, taught.float())
            found["distilled labels"] = self.weights.distilled_captions * distilled
        return found

    def _sentences(self, encoder: DualEncoder, step: Step) -> dict[str, torch.Tensor]:
        taught = self._tables.taught_sentences
        if taught is None or not len(step.sentences) or not self.weights.distilled_texts:
            return {}
        device = self.log_scale.device
        embedded = encoder.text(_padded(self._tables.sentences, step.sentences, device))
        wanted = taught[torch.from_numpy(step.sentences)].to(device).float()
        loss = losses.distillation(embedded, wanted)
        return {"distilled texts": self.weights.distilled_texts * loss}

    def _retained(
        self, encoder: DualEncoder, step: Step, photos: torch.Tensor, logits: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        tables, weights = self._tables, self.weights
        if tables.known_captioned is None or tables.classes is None:
            return {}
        teacher = torch.cat(
            [
                known[torch.from_numpy(numbers)]
                for known, numbers in (
                    (tables.known_captioned, step.photos),
                    (tables.known_labelled, step.labelled),
                )
                if known is not None and len(numbers)
            ]
        )
        teacher = teacher.to(photos.device).float()
        with torch.no_grad():
            classes = encoder.text(tables.classes.to(photos.device))
        return {
            "retained classes": weights.retained_classes * losses.retention(logits, teacher),
            "retained labels": weights.retained_labels
            * losses.retention(self.scale * photos @ classes.T, teacher),
        }

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _remember(self, photos: torch.Tensor, owners: torch.Tensor) -> None:
        kept = self.weights.banked_photos
        if kept:
            old = self.bank if len(self.bank) else photos[:0]
            self.bank = torch.cat([old, photos.detach()])[-kept:]
            self.bank_owners = torch.cat([self.bank_owners, owners])[-kept:]


def shares(labels: Sequence[str], photos: Sequence[Sequence[str]]) -> torch.Tensor:
    """(photos, labels): 1 over how many labels a photo has, for those that it has."""
    numbers = {label: number for number, label in enumerate(labels)}
    made: NDArray[np.float32] = np.zeros((len(photos), len(labels)), np.float32)
    for row, own in enumerate(photos):
        made[row, [numbers[label] for label in own]] = 1 / max(1, len(own))
    return torch.from_numpy(made)


def _padded(
    ids: Sequence[torch.Tensor], chosen: NDArray[np.int64], device: torch.device
) -> torch.Tensor:
    return nn.utils.rnn.pad_sequence([ids[number] for number in chosen], batch_first=True).to(
        device
    )
