"""What the middle of a picture adds, where texts are asked for with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.library import Library
from engine.readings import Kind, PixelSpec
from engine.search import middle
from engine.search_records import Query

SPEC = PixelSpec(edge_px=224, squash=True)


def test_the_middle_is_cut_as_it_is() -> None:
    larger = middle.larger(SPEC)
    assert (larger.edge_px, larger.squash) == (299, True)
    pixels = np.random.default_rng(0).integers(0, 256, (299, 299, 3), np.uint8)
    cut = middle.cut(pixels, SPEC)
    assert cut.shape == (224, 224, 3)
    assert np.array_equal(cut, pixels[37:261, 37:261])


def test_the_whole_counts_for_more_and_what_is_unknown_stays_so() -> None:
    whole, shown = np.eye(2, dtype=np.float32)
    both = middle.added(whole, shown)
    assert np.linalg.norm(both) == pytest.approx(1)
    assert both[0] == pytest.approx(2 * both[1])
    assert not middle.added(np.zeros_like(whole), np.zeros_like(whole)).any()


def test_what_stands_in_the_middle_finds_the_text_that_tells_of_it(
    library: Library,
    pictures: Path,
    real_photos: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for told in ("A tabby cat.", "A cup of coffee on a table.", "A dog runs over the beach."):
        (pictures / f"{told[:5]}.txt").write_text(told)
    for _ in library.index([pictures]):
        pass
    table = Image.open(real_photos["coffee"]).convert("RGB").resize((600, 600))
    table.paste(Image.open(real_photos["cat"]).convert("RGB").resize((380, 380)), (110, 110))

    def chances(name: str) -> dict[str, float]:
        table.save(tmp_path / name)
        hits = library.search(Query(picture=tmp_path / name, kind=Kind.DOCUMENT)).hits
        return {hit.path.stem: hit.score for hit in hits}

    closer = chances("closer.png")
    monkeypatch.setattr(middle, "WEIGHT", 0.0)
    whole = chances("whole.png")
    assert closer["A tab"] > 1.2 * whole["A tab"]
    assert closer["A cup"] < 1.2 * whole["A cup"]


def test_pictures_are_found_by_the_whole(library: Library, pictures: Path, make_photo) -> None:
    for seed in range(3):
        make_photo(pictures / f"{seed}.png", seed=seed)
    for _ in library.index([pictures]):
        pass
    first = library.search(Query(picture=pictures / "1.png")).hits[0]
    like = library.search(Query(like=first.content_id)).hits
    assert first.path.name == "1.png"
    others = library.search(Query(picture=pictures / "1.png")).hits[1:]
    assert [hit.path for hit in like] == [hit.path for hit in others]
    assert [hit.score for hit in like] == pytest.approx([hit.score for hit in others], abs=0.02)
