import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.records import Calibration, Null
from engine.search import calibrate
from engine.search.calibrate import Scale, band_of, chances, scale_of
from engine.search_records import Band

STEEP = Calibration(slope=2.0, offset=-6.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0.01, 50), st.floats(-50, 50))
def test_chances_lie_between_nought_and_one_and_rise_with_z(values, slope, offset) -> None:
    found = chances(np.sort(np.array(values)), Calibration(slope, offset))
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(np.diff(found) >= 0)


def test_a_chance_is_the_logistic_curve() -> None:
    assert chances(np.array([3.0]), STEEP) == pytest.approx([0.5])
    assert chances(np.array([4.0]), STEEP) == pytest.approx([1 / (1 + np.exp(-2))])


def test_the_scale_is_that_of_the_cosines_with_the_unrelated() -> None:
    rng = np.random.default_rng(3)
    background = rng.normal(size=(400, 16)).astype(np.float32)
    background /= np.linalg.norm(background, axis=1, keepdims=True)
    scale = scale_of(background[0], background[1:100], background[100:], Null.ALL)
    cosines = background[1:] @ background[0]
    assert scale.centre == pytest.approx(float(cosines.mean()))
    assert scale.deviation == pytest.approx(float(cosines.std()))


def at_cosines(cosines) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A (D,) query, and segments that have these cosines with it."""
    cosines = np.asarray(cosines, np.float32)
    return np.array([1, 0], np.float32), np.stack([cosines, np.sqrt(1 - cosines**2)], 1)


def test_what_is_right_hides_nothing_where_the_lower_half_is_taken() -> None:
    unrelated = np.random.default_rng(3).normal(0.1, 0.05, 400)
    right = np.full(80, 0.6)
    vector, background = at_cosines(np.concatenate([unrelated, right]))
    empty = background[:0]
    taken = scale_of(vector, background, empty, Null.LOWER_HALF)
    assert taken.centre == pytest.approx(0.1, abs=0.02)
    assert taken.deviation == pytest.approx(0.05, abs=0.015)
    assert scale_of(vector, background, empty, Null.ALL).deviation > 3 * taken.deviation


def test_where_the_lower_half_is_taken_a_library_full_of_right_answers_changes_nothing() -> None:
    vector, background = at_cosines(np.random.default_rng(3).normal(0.1, 0.05, 256))
    sample = np.tile(vector, (1024, 1))
    alone = scale_of(vector, background, background[:0], Null.LOWER_HALF)
    assert scale_of(vector, background, sample, Null.LOWER_HALF) == alone
    assert scale_of(vector, background, sample, Null.ALL).centre > 0.5


def test_a_symmetric_background_has_one_scale_by_either_null() -> None:
    vector, background = at_cosines(np.random.default_rng(5).normal(0.1, 0.05, 20_000))
    lower, whole = (scale_of(vector, background, background[:0], null) for null in Null)
    assert lower.centre == pytest.approx(whole.centre, abs=2e-3)
    assert lower.deviation == pytest.approx(whole.deviation, rel=0.03)


def test_with_next_to_nothing_to_compare_with_a_usual_scale_is_assumed() -> None:
    vector = np.array([1, 0], np.float32)
    few = np.tile(vector, (calibrate.LEAST_BACKGROUND - 1, 1))
    for null in Null:
        for some in (few[:0], few):
            usual = Scale(*calibrate.UNKNOWN_BACKGROUND)
            assert scale_of(vector, some, few[:0], null) == usual


@pytest.mark.parametrize("null", Null)
def test_a_background_of_copies_divides_by_no_zero(null) -> None:
    vector = np.array([1, 0], np.float32)
    assert scale_of(vector, np.tile(vector, (20, 1)), vector[None][:0], null).deviation > 0


def test_bands_follow_the_chances() -> None:
    bands = [band_of(chance) for chance in (1.0, calibrate.STRONG, calibrate.MAYBE, 0.0)]
    assert bands == [Band.STRONG, Band.STRONG, Band.MAYBE, Band.WEAK]
