"""What a step minimises, of towers whose every embedding is known."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
import torch  # noqa: TID253 -- what losses are made of
from torch.nn import functional  # noqa: TID253

from engine.training import losses
from engine.training.data.dataset import CaptionTable
from engine.training.data.layouts import CaptionedPhoto
from engine.training.data.steps import Step
from engine.training.ensemble import View
from engine.training.objective import Objective, Tables, shares
from engine.training.recipe import Losses

PHOTOS, EACH, SIZE, CLASSES = 6, 2, 8, 5
DRAWS = torch.Generator().manual_seed(0)
PLAIN = Losses(
    label_smoothing=0.0, captions_per_photo=1, more_captions=0, banked_photos=0, temperature=0.1
)


def drawn(*shape: int) -> torch.Tensor:
    return functional.normalize(torch.randn(*shape, generator=DRAWS), dim=-1)


class Known:
    """Photos are told by their first byte, texts by their first id, as rows of tables."""

    def __init__(self) -> None:
        self.photos, self.texts = drawn(PHOTOS + 2, SIZE), drawn(40, SIZE)
        self.logits = torch.randn(PHOTOS + 2, CLASSES, generator=DRAWS)

    def embed_photos(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        numbers = pixels[:, 0, 0, 0].long()
        return self.photos[numbers], self.logits[numbers]

    def text(self, ids: torch.Tensor) -> torch.Tensor:
        return self.texts[ids[:, 0]]


@pytest.fixture
def table() -> CaptionTable:
    """Captions 0 and 1 of photo 0, in English, 2 in Chinese, and so on."""
    photos: list[Any] = [
        CaptionedPhoto(None, {"en": ("one", "two"), "zh": ("三",)})  # type: ignore[arg-type]
        for _ in range(PHOTOS)
    ]
    return CaptionTable(photos, ("en", "zh"))


def tables(**changed: Any) -> Tables:
    """Each caption's id is its number; none of labels, texts or teachers, unless given."""
    given: dict[str, Any] = dict.fromkeys(Tables.__slots__)
    given |= {"captions": tuple(torch.arange(3 * PHOTOS)[:, None]), "sentences": ()}
    given |= {"labels": torch.zeros(0, 1, dtype=torch.long), "label_shares": torch.zeros(0, 0)}
    return Tables(**(given | changed))


def step(photos: list[int], captions: list[list[int]], **changed: list[Any]) -> Step:
    labelled = changed.get("labelled", [])
    pixels = np.zeros((len(photos) + len(labelled), 2, 2, 3), np.uint8)
    pixels += np.array([*photos, *(PHOTOS + n for n in labelled)], np.uint8)[:, None, None, None]
    return Step(
        pixels,
        *(
            np.array(part, np.int64)
            for part in (photos, labelled, captions, changed.get("more", []))
        ),
        others=np.array(changed.get("others", []), np.int64).reshape(-1, 2),
        sentences=np.array(changed.get("sentences", []), np.int64),
    )


def two_way(photos: torch.Tensor, texts: torch.Tensor) -> torch.Tensor:
    scores, right = 10 * photos @ texts.T, torch.arange(len(photos))
    return (functional.cross_entropy(scores, right) + functional.cross_entropy(scores.T, right)) / 2


def test_contrast_is_the_mean_over_a_photos_captions(table: CaptionTable) -> None:
    encoder, objective = Known(), Objective(PLAIN, table, tables())
    found = objective(encoder, step([4, 0, 2], [[12, 13], [0, 1], [7, 6]]))
    photos = encoder.photos[[4, 0, 2]]
    expected = [two_way(photos, encoder.texts[of]) for of in ([12, 0, 7], [13, 1, 6])]
    assert found.keys() == {"contrast"}
    assert found["contrast"].item() == pytest.approx((sum(expected) / 2).item(), rel=1e-5)


def test_a_photos_own_captions_are_no_negatives_of_it(table: CaptionTable) -> None:
    encoder, objective = Known(), Objective(PLAIN, table, tables())
    some = step([4, 0], [[12], [0]], more=[1, 13, 6])
    photos, texts = encoder.photos[[4, 0]], encoder.texts
    to_photos = functional.cross_entropy(10 * texts[[12, 0]] @ photos.T, torch.arange(2))
    rows = [10 * photos[0] @ texts[[12, 0, 1, 6]].T, 10 * photos[1] @ texts[[0, 12, 13, 6]].T]
    to_texts = sum(row.logsumexp(0) - row[0] for row in rows) / 2
    expected = (to_photos + to_texts) / 2
    assert objective(encoder, some)["contrast"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_bank_holds_the_last_photos_as_negatives_of_captions(table: CaptionTable) -> None:
    weights = msgspec.structs.replace(PLAIN, banked_photos=3)
    encoder, objective = Known(), Objective(weights, table, tables())
    for photos in ([0, 1], [2, 3], [4, 0]):
        objective(encoder, step(photos, [[3 * photo] for photo in photos]))
    assert objective.bank_owners.tolist() == [3, 4, 0]
    assert torch.equal(objective.bank, encoder.photos[[3, 4, 0]])
    found = objective(encoder, step([0, 1], [[0], [3]]))["contrast"]
    photos, texts = encoder.photos, encoder.texts
    to_texts = functional.cross_entropy(10 * photos[:2] @ texts[[0, 3]].T, torch.arange(2))
    rows = [10 * texts[0] @ photos[[0, 1, 3, 4]].T, 10 * texts[3] @ photos[[1, 0, 3, 4, 0]].T]
    to_photos = sum(row.logsumexp(0) - row[0] for row in rows) / 2
    assert found.item() == pytest.approx(((to_texts + to_photos) / 2).item(), rel=1e-5)


def test_other_languages_count_by_their_weight(table: CaptionTable) -> None:
    encoder, objective = Known(), Objective(PLAIN, table, tables())
    found = objective(encoder, step([4, 0, 2], [[12], [0], [6]], others=[[0, 14], [2, 8]]))
    expected = PLAIN.other_languages * two_way(encoder.photos[[4, 2]], encoder.texts[[14, 8]])
    assert found["other languages"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_labels_are_told_from_each_other(table: CaptionTable) -> None:
    names = torch.tensor([[30], [31], [32]])
    made = tables(labels=names, label_shares=shares(["a", "b", "c"], [["b"], ["a", "c"]]))
    encoder, objective = Known(), Objective(PLAIN, table, made)
    found = objective(encoder, step([4, 0], [[12], [0]], labelled=[0, 1]))["labels"]
    scores = (10 * encoder.photos[PHOTOS:] @ encoder.texts[30:33].T).log_softmax(1)
    expected = -(scores[0, 1] + (scores[1, 0] + scores[1, 2]) / 2) / 2
    assert found.item() == pytest.approx(PLAIN.labels * expected.item(), rel=1e-5)


def test_what_was_known_is_kept_in_the_order_of_the_photos(table: CaptionTable) -> None:
    """With the teacher's own logits nothing is lost, whichever photos a step holds."""
    encoder = Known()
    known = {"known_captioned": encoder.logits[:PHOTOS], "known_labelled": encoder.logits[PHOTOS:]}
    made = tables(
        classes=torch.arange(20, 20 + CLASSES)[:, None],
        labels=torch.tensor([[30]]),
        label_shares=torch.ones(2, 1),
        **known,
    )
    objective = Objective(PLAIN, table, made)
    found = objective(encoder, step([4, 0], [[12], [0]], labelled=[1, 0]))
    assert found["retained classes"].item() == pytest.approx(0, abs=1e-6)
    order = [4, 0, PHOTOS + 1, PHOTOS]
    scores = 10 * encoder.photos[order] @ encoder.texts[20 : 20 + CLASSES].T
    expected = PLAIN.retained_labels * losses.retention(scores, encoder.logits[order])
    assert found["retained labels"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_texts_are_taught_by_the_sentence_teacher(table: CaptionTable) -> None:
    encoder, taught = Known(), drawn(18, SIZE)
    made = tables(
        taught_captions=taught.half(),
        taught_sentences=taught[:3].half(),
        sentences=tuple(torch.tensor([[33], [34], [35]])),
    )
    found = Objective(PLAIN, table, made)(
        encoder, step([4, 0], [[12], [0]], others=[[1, 2]], sentences=[2, 0])
    )
    texts = encoder.texts
    captions = 1 - (texts[[12, 0, 2]] * taught[[12, 0, 2]]).sum(1).mean()
    sentences = 1 - (texts[[35, 33]] * taught[[2, 0]]).sum(1).mean()
    assert found["distilled captions"].item() == pytest.approx(captions.item(), abs=1e-3)
    assert found["distilled texts"].item() == pytest.approx(sentences.item(), abs=1e-3)


def test_photos_and_captions_are_told_from_the_teachers_view_of_every_photo(
    table: CaptionTable,
) -> None:
    encoder, taught = Known(), drawn(PHOTOS, SIZE)
    weights = msgspec.structs.replace(PLAIN, taught_photos=2.0, taught_captions=0.5)
    found = Objective(weights, table, tables(taught_photos=taught.half()))(
        encoder, step([4, 0], [[12, 13], [0, 1]], others=[[1, 2]])
    )
    photos = functional.cross_entropy(10 * encoder.photos[[4, 0]] @ taught.T, torch.tensor([4, 0]))
    captions = functional.cross_entropy(
        10 * encoder.texts[[12, 0, 2]] @ taught.T, torch.tensor([4, 0, 0])
    )
    assert found["taught photos"].item() == pytest.approx(2 * photos.item(), rel=1e-2)
    assert found["taught captions"].item() == pytest.approx(captions.item() / 2, rel=1e-2)


def test_the_temperature_begins_as_told_and_has_an_end(table: CaptionTable) -> None:
    objective = Objective(PLAIN, table, tables())
    assert objective.scale.item() == pytest.approx(10)
    with torch.no_grad():
        objective.log_scale.fill_(9)
    assert objective.scale.item() == pytest.approx(100)


def test_photos_without_captions_are_taught_by_the_ensemble_too(table: CaptionTable) -> None:
    weights = msgspec.structs.replace(PLAIN, mimicked_affinities=2.0, labels=0.0)
    encoder = Known()
    views = tuple(
        View(drawn(PHOTOS, size), drawn(2, size), drawn(3 * PHOTOS, size)) for size in (4, 8)
    )
    objective = Objective(weights, table, tables(views=views))
    found = objective(encoder, step([4, 0], [[12], [0]], labelled=[1], more=[6, 10]))
    captions = [12, 0, 6, 10]
    wanted = [
        torch.cat([view.captioned[[4, 0]], view.labelled[[1]]]) @ view.captions[captions].T
        for view in views
    ]
    scores = 10 * encoder.photos[[4, 0, PHOTOS + 1]] @ encoder.texts[captions].T
    assert found["mimicked affinities"].item() == pytest.approx(
        2 * losses.affinity(scores, wanted).item(), rel=1e-5
    )
