from collections.abc import Sequence

import numpy as np
import pytest

from engine.errors import CaptionsError
from engine.models.starter import StarterEncoder
from engine.records import Medium, Null
from engine.training.data.layouts import CaptionedPhoto
from engine.training.publishing.calibration import (
    PRIOR,
    Pairs,
    background,
    calibrate,
    fit,
    held,
)


def drawn(slope: float, offset: float, seed: int = 0) -> Pairs:
    """Pairs of which one in 200 is right, by a logistic curve."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(400, 500))
    chance = 1 / (1 + np.exp(-(slope * z + offset)))
    return Pairs(z, rng.random(z.shape) < chance)


def test_the_curve_that_pairs_were_drawn_from_is_found_again() -> None:
    pairs = drawn(1.5, -6.42)
    assert pairs.right.mean() == pytest.approx(PRIOR, rel=0.1)
    calibration = fit(pairs)
    assert calibration.slope == pytest.approx(1.5, abs=0.15)
    assert calibration.offset == pytest.approx(-6.42, abs=0.3)


def test_what_is_right_more_often_is_fitted_as_if_one_in_200_were() -> None:
    rare = drawn(1.5, -6.42)
    kept = rare.right | (np.random.default_rng(1).random(rare.z.shape) < 0.25)
    often = Pairs(rare.z[kept][None], rare.right[kept][None])
    assert often.right.mean() > 3 * PRIOR
    assert fit(often).slope == pytest.approx(fit(rare).slope, abs=0.1)
    assert fit(often).offset == pytest.approx(fit(rare).offset, abs=0.2)


def test_pairs_that_a_line_separates_still_give_a_curve() -> None:
    z = np.tile(np.linspace(-3, 3, 200), (8, 1))
    calibration = fit(Pairs(z, z > 2.9))
    assert 0 < calibration.slope < 100
    assert -300 < calibration.offset < 0


def test_a_model_that_tells_nothing_promises_nothing() -> None:
    upside_down = drawn(1.5, -6.42)
    calibration = fit(Pairs(-upside_down.z, upside_down.right))
    assert calibration.slope == 0
    assert 1 / (1 + np.exp(-calibration.offset)) == pytest.approx(PRIOR, rel=0.01)


def test_bands_hold_what_the_curve_promises() -> None:
    bands = held(fit(drawn(3.0, -9.5)), drawn(3.0, -9.5, seed=1))
    assert bands["strong"]["precision_one_in_200"] > 0.5
    assert 0.15 < bands["maybe"]["precision_one_in_200"] < 0.5
    assert bands["weak"]["precision_one_in_200"] < 0.02
    assert sum(band["per_query"] for band in bands.values()) == pytest.approx(500, abs=0.1)
    assert sum(band["share_of_right"] for band in bands.values()) == pytest.approx(1, abs=0.01)


def test_an_empty_band_has_no_precision() -> None:
    pairs = drawn(1.5, -6.42)
    bands = held(fit(Pairs(-pairs.z, pairs.right)), pairs)
    assert bands["strong"]["precision"] is None
    assert bands["strong"]["per_query"] == 0
    assert bands["weak"]["queries_with_one"] == 1


REAL = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png"),
    *("coffee.png", "coins.png", "grass.png", "horse.png", "hubble_deep_field.jpg", "moon.png"),
    *("motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg"),
)


@pytest.fixture(scope="module")
def starter() -> StarterEncoder:
    return StarterEncoder()


@pytest.fixture(scope="module")
def captioned(tmp_path_factory, make_photo) -> list[CaptionedPhoto]:
    folder = tmp_path_factory.mktemp("captioned")
    words = ("dog", "cat", "tree", "beach", "car", "boat", "child", "snow")
    return [
        CaptionedPhoto(
            make_photo(folder / f"{seed}.png", seed),
            {"en": (f"a {word} alone", f"one {word}", f"the {word} outside")},
        )
        for seed, word in enumerate(words * 2)
    ]


def with_captions(photos: Sequence[CaptionedPhoto], count: int) -> list[CaptionedPhoto]:
    return [CaptionedPhoto(photo.path, {"en": photo.captions["en"][:count]}) for photo in photos]


def test_calibrating_twice_gives_the_same(starter, captioned) -> None:
    against = background(starter, captioned)
    assert calibrate(starter, captioned, against) == calibrate(starter, captioned, against)


def test_a_photo_is_told_from_others_by_its_crop(starter, captioned, real_photos) -> None:
    folder = real_photos["cat"].parent
    photos = [
        CaptionedPhoto(folder / name, photo.captions)
        for name, photo in zip(REAL, captioned, strict=True)
    ]
    fitted = calibrate(starter, photos, background(starter, photos))
    assert {pair: found.calibration.null for pair, found in fitted.items()} == {
        "photo": Null.LOWER_HALF,
        "passage": Null.ALL,
        "picture": Null.ALL,
    }
    assert fitted["picture"].calibration.slope > 0.5
    assert fitted["passage"].bands["strong"]["queries_with_one"] > 0.9


def test_one_caption_a_photo_tells_nothing_of_passages(starter, captioned) -> None:
    photos = with_captions(captioned, 1)
    fitted = calibrate(starter, photos, background(starter, photos))
    assert fitted["passage"].calibration.null is Null.ALL, "as passages are compared"
    assert fitted["passage"].bands == {}


def test_too_few_photos_are_refused(starter, captioned) -> None:
    with pytest.raises(CaptionsError, match="It takes 8 photos"):
        calibrate(starter, captioned[:7], background(starter, captioned))


def test_the_background_is_photos_and_captions_of_other_photos(starter, captioned) -> None:
    found = background(starter, captioned)
    again = background(starter, captioned)
    for medium in Medium:
        assert found[medium].shape == (8, starter.card.dimension)
        assert (found[medium] == again[medium]).all()
