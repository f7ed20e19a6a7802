"""How well the shipped model finds Flickr8k's held-out photos: the figures of its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.models.starter import starter_folder

CAPTIONS = Path(__file__).parents[4] / "shared" / "train" / "flickr8k" / "captions.jsonl"
HALF_A_POINT = 0.005
RANKS = (1, 5, 10)


@pytest.mark.slow
@pytest.mark.samples
@pytest.mark.skipif(not CAPTIONS.is_file(), reason=f"{CAPTIONS} is not here")
def test_recall_is_what_the_card_says(starter):
    rows = [json.loads(line) for line in CAPTIONS.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["split"] == "dev"]
    photos = np.concatenate(
        [
            starter.encode_images(
                np.stack([_pixels(CAPTIONS.parent / row["file"]) for row in rows[at : at + 64]])
            )
            for at in range(0, len(rows), 64)
        ]
    )
    captions = starter.encode_texts([caption for row in rows for caption in row["en"]])
    cosines = captions @ photos.T
    own = np.repeat(np.arange(len(rows)), 5)
    of_own = cosines[np.arange(len(own)), own]
    photo_rank = (cosines > of_own[:, None]).sum(1)
    caption_rank = (cosines > of_own.reshape(-1, 5).max(1)).sum(0)

    figures = json.loads((starter_folder() / "card.json").read_text("utf-8"))["figures"]
    for rank in RANKS:
        expected = figures["text_to_image_recall"][str(rank)]
        assert (photo_rank < rank).mean() == pytest.approx(expected, abs=HALF_A_POINT)
        expected = figures["image_to_text_recall"][str(rank)]
        assert (caption_rank < rank).mean() == pytest.approx(expected, abs=HALF_A_POINT)
    assert np.median(photo_rank) + 1 == figures["text_to_image_recall"]["median_rank"]


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(
            picture.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR), np.uint8
        )
