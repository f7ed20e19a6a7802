"""A library that is taught a person's own words, and forgets them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.commands.adapter import run_adapter
from engine.errors import CaptionsError, ModelError
from engine.events import Failure
from engine.library import Library
from engine.paths import Home
from engine.readings import Kind
from engine.search_records import Query
from engine.training.adapters import fit
from engine.training.adapters.adapter import Adapter, Measured
from engine.training.adapters.judgements import Judgement
from engine.training.data import captioned
from tests.engine.choosing import answering, choose_model

RED, BLUE = (200, 30, 30), (30, 30, 200)
WORD = "zorblax"
PHOTOS = 16


@pytest.fixture(autouse=True)
def short_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits of fewer steps to choose from; test_adapter.py has all of them."""
    monkeypatch.setattr(fit, "STEPS", (20, 60))


def shades(folder: Path, name: str, colour: tuple[int, int, int], count: int) -> list[Path]:
    """Photos of stripes in shades of a colour."""
    rng = np.random.default_rng(7)
    made = []
    for number in range(count):
        stripes = rng.integers(-30, 31, (6, 6, 1)) + np.array(colour)
        pixels = np.clip(stripes, 0, 255).astype(np.uint8)
        made.append(folder / f"{name}{number}.png")
        Image.fromarray(pixels).resize((96, 96), Image.Resampling.BILINEAR).save(made[-1])
    return made


@pytest.fixture
def shelf(home: Home, pictures: Path) -> Iterator[Library]:
    """Red and blue photos, a document, and the library that has them."""
    shades(pictures, "red", RED, PHOTOS)
    shades(pictures, "blue", BLUE, PHOTOS)
    (pictures / "note.txt").write_text("boats in a harbour")
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
        yield library


def feedback(pictures: Path, *, liked: str, rejected: str) -> list[Judgement]:
    return [
        Judgement(
            WORD,
            tuple(pictures / f"{liked}{number}.png" for number in range(PHOTOS)),
            tuple(pictures / f"{rejected}{number}.png" for number in range(PHOTOS)),
        )
    ]


def disliked_first(library: Library) -> tuple[str, str]:
    """The colour that the word finds now, after the other one."""
    mean = {
        name: np.mean([rank for rank, found in enumerate(ranking(library)) if name in found])
        for name in ("red", "blue")
    }
    liked, rejected = sorted(mean, key=lambda name: -mean[name])
    return liked, rejected


def ranking(library: Library) -> list[str]:
    return [hit.path.name for hit in library.search(Query(WORD, kind=Kind.PHOTO)).hits]


def answers(library: Library, pictures: Path) -> list[object]:
    """All that searches tell, but for how long they took."""
    asked = [Query(WORD), Query("boats"), Query("a red stripe"), Query()]
    asked += [Query(picture=pictures / "red3.png"), Query("boats", picture=pictures / "red3.png")]
    return [library.search(query).hits for query in asked]


def put_adapter(library: Library, home: Home) -> Adapter:
    """An adapter that nobody fitted, in use by the library."""
    card = answering(library)
    down, up = np.random.default_rng(5).standard_normal((2, card.dimension, 4)).astype(np.float32)
    measured = Measured(1, 8, {"recall@10": 10.0}, {"recall@10": 20.0}, 95.0)
    adapter = Adapter(down, np.ascontiguousarray(up.T), card.fingerprint, measured)
    adapter.save(home.adapters / f"{card.fingerprint}.npz")
    return adapter


def files_below(home: Home) -> set[Path]:
    return set(home.data.rglob("*"))


@pytest.mark.slow
def test_the_liked_rise_and_removal_leaves_no_trace(shelf, home, pictures) -> None:
    before, there = answers(shelf, pictures), files_below(home)
    liked, rejected = disliked_first(shelf)
    adapter = shelf.own_words.fit(feedback(pictures, liked=liked, rejected=rejected))
    assert (
        adapter.measured.after["liked_above_rejected"]
        > (adapter.measured.before["liked_above_rejected"])
    )
    assert shelf.own_words.adapter is not None
    assert all(liked in name for name in ranking(shelf)[: PHOTOS // 2])
    assert shelf.own_words.remove()
    assert shelf.own_words.adapter is None
    assert answers(shelf, pictures) == before
    assert files_below(home) == there


@pytest.mark.slow
def test_parts_of_photos_teach_nothing_else_than_photos_do(shelf, pictures, make_photo) -> None:
    for seed in range(6):
        make_photo(pictures / f"other{seed}.png", seed=seed, size=(300, 300))
    for _ in shelf.index([pictures]):
        pass
    liked, rejected = disliked_first(shelf)
    judged = feedback(pictures, liked=liked, rejected=rejected)
    taught = shelf.own_words.fit(judged)
    shelf.own_words.remove()
    for _ in shelf.index([pictures], looks_closer=True):
        pass
    again = shelf.own_words.fit(judged)
    assert np.array_equal(again.down, taught.down)
    assert again.measured == taught.measured


def test_only_photos_are_asked_for_otherwise(shelf, home, pictures) -> None:
    asked = [
        Query("boats", kind=Kind.DOCUMENT),
        Query(picture=pictures / "red3.png"),
        Query(picture=pictures / "note.txt"),
    ]
    before = [shelf.search(query).hits for query in asked]
    put_adapter(shelf, home)
    assert [shelf.search(query).hits for query in asked] == before


def test_an_adapter_serves_from_the_next_opening_on_and_in_other_processes(shelf, home) -> None:
    with Library.open(home) as beside:
        former = ranking(beside)
        fitted = put_adapter(shelf, home)
        assert ranking(beside) != former
        assert ranking(beside) == ranking(shelf)
    with Library.open(home) as again:
        assert again.own_words.adapter is not None
        assert again.own_words.adapter.measured == fitted.measured
        assert ranking(again) == ranking(shelf)


@pytest.mark.slow
def test_photos_outside_the_library_are_learnt_from_too(home, pictures, tmp_path) -> None:
    (pictures / "note.txt").write_text("boats in a harbour")
    outside = tmp_path / "outside"
    outside.mkdir()
    reds, blues = shades(outside, "red", RED, PHOTOS), shades(outside, "blue", BLUE, PHOTOS)
    done: list[tuple[str, int, int]] = []
    with Library.open(home) as library:
        encoder = library._models.active.encoder
        texts = encoder.encode_texts([WORD])
        stacks = [
            np.stack([captioned.pixels(path, encoder.card.pixels) for path in of])
            for of in (reds, blues)
        ]
        near = [float((encoder.encode_images(stack) @ texts.T).mean()) for stack in stacks]
        liked, rejected = (reds, blues) if near[0] < near[1] else (blues, reds)
        judgement = Judgement(WORD, tuple(liked), tuple(rejected))
        library.own_words.fit([judgement], lambda *told: done.append(told))
        assert library.own_words.adapter is not None
        assert library.counts().photos == 0
    assert ("Encoding", 2 * PHOTOS, 2 * PHOTOS) in done


def test_nothing_is_kept_where_there_is_too_little(shelf, home, pictures) -> None:
    there = files_below(home)
    for judgements in (
        [],
        [Judgement(WORD, (pictures / "red1.png",))],
        [Judgement("🦄", tuple(pictures / f"red{n}.png" for n in range(PHOTOS)))],
    ):
        with pytest.raises(ModelError, match="too few"):
            shelf.own_words.fit(judgements)
    assert shelf.own_words.adapter is None
    assert files_below(home) == there


def test_a_failed_fit_leaves_the_former_adapter(shelf, home) -> None:
    put_adapter(shelf, home)
    before = ranking(shelf)
    with pytest.raises(ModelError):
        shelf.own_words.fit([])
    assert ranking(shelf) == before


@pytest.mark.parametrize("name", ["note.txt", "missing.png"])
def test_what_is_no_photo_is_named(shelf, pictures, name) -> None:
    with pytest.raises(CaptionsError, match=name):
        shelf.own_words.fit([Judgement(WORD, (pictures / name,))])


def test_a_damaged_adapter_is_told_and_nothing_else_changes(shelf, home, pictures) -> None:
    before = answers(shelf, pictures)
    put_adapter(shelf, home)
    (file,) = home.adapters.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert answers(shelf, pictures) == before
    with Library.open(home) as library:
        told: list[object] = []
        library.subscribe(told.append)
        assert answers(library, pictures) == before
        assert library.own_words.adapter is None
        (problem,) = library.problems()
        assert file.name in problem.message
    shelf.own_words.remove()
    assert shelf.problems() == []


def test_the_window_is_told_of_a_damaged_adapter_at_the_start(home) -> None:
    with Library.open(home) as library:
        fingerprint = answering(library).fingerprint
    home.adapters.mkdir()
    (home.adapters / f"{fingerprint}.npz").write_bytes(b"damaged")
    with Library.open(home) as library:
        told: list[object] = []
        library.subscribe(told.append)
        library.start()
        assert [event for event in told if isinstance(event, Failure)] == library.problems()


@pytest.mark.slow
def test_another_model_ignores_it(shelf, home, pictures, tiny) -> None:
    fitted = put_adapter(shelf, home)
    adapted = ranking(shelf)
    shelf.close()
    choose_model(home, tiny)
    with Library.open(home) as library:
        for _ in library.index([pictures]):
            pass
        assert library.own_words.adapter is None
        before = ranking(library)
        other = home.adapters / f"{answering(library).fingerprint}.npz"
        Adapter(fitted.down, fitted.up, fitted.fingerprint, fitted.measured).save(other)
        assert library.own_words.adapter is None
        assert len(library.problems()) == 1
        assert ranking(library) == before
        other.unlink()
    choose_model(home, "starter")
    with Library.open(home) as library:
        assert library.own_words.adapter is not None
        assert ranking(library) == adapted


@pytest.mark.slow
def test_the_command_fits_tells_and_removes(shelf, home, pictures, capsys) -> None:
    liked, rejected = disliked_first(shelf)
    (judgement,) = feedback(pictures, liked=liked, rejected=rejected)
    shelf.close()
    file = pictures.parent / "feedback.json"
    entry = {"query": WORD, "liked": [f"Pictures/{p.name}" for p in judgement.liked]}
    file.write_text(json.dumps([entry | {"rejected": [str(p) for p in judgement.rejected]}]))

    def told(*asked: object) -> dict:
        run_adapter(home, *asked, as_json=True)
        return json.loads(capsys.readouterr().out)

    fitted = told(None, file, False)
    assert fitted["in_use"]
    assert fitted["after"]["liked_above_rejected"] > fitted["before"]["liked_above_rejected"]
    assert told(None, None, False) == fitted
    run_adapter(home, None, None, remove=False, as_json=False)
    assert "liked above rejected" in capsys.readouterr().out
    assert told(None, None, True) == {"in_use": False, "removed": True}
    assert told(None, None, True) == {"in_use": False, "removed": False}
    assert told(None, None, False) == {"in_use": False}


@pytest.mark.slow
def test_the_command_takes_captions(shelf, home, pictures, capsys) -> None:
    liked, _ = disliked_first(shelf)
    shelf.close()
    captions = pictures / "captions.jsonl"
    rows = [{"file": f"{liked}{n}.png", "en": [f"{WORD} number {n}"]} for n in range(PHOTOS)]
    captions.write_text("\n".join(map(json.dumps, rows)))
    try:
        run_adapter(home, captions, None, remove=False, as_json=True)
    except ModelError as error:  # shades of a colour tell little of one from another
        assert "nothing was kept" in error.message
    else:
        assert json.loads(capsys.readouterr().out)["photos"] == PHOTOS
