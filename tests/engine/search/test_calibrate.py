import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records import Band, Calibration
from engine.search import calibrate
from engine.search.calibrate import Scale, band_of, chances, scale_of

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
    scale = scale_of(background[0], background[1:])
    cosines = background[1:] @ background[0]
    assert scale.mean == pytest.approx(float(cosines.mean()))
    assert scale.deviation == pytest.approx(float(cosines.std()))


def test_with_next_to_nothing_to_compare_with_a_usual_scale_is_assumed() -> None:
    vector = np.array([1, 0], np.float32)
    assert scale_of(vector, np.zeros((0, 2), np.float32)) == Scale(*calibrate.UNKNOWN_BACKGROUND)
    few = np.tile(vector, (calibrate.LEAST_BACKGROUND - 1, 1))
    assert scale_of(vector, few) == Scale(*calibrate.UNKNOWN_BACKGROUND)


def test_a_background_of_copies_divides_by_no_zero() -> None:
    vector = np.array([1, 0], np.float32)
    assert scale_of(vector, np.tile(vector, (20, 1))).deviation > 0


def test_bands_follow_the_chances() -> None:
    bands = [band_of(chance) for chance in (1.0, calibrate.STRONG, calibrate.MAYBE, 0.0)]
    assert bands == [Band.STRONG, Band.STRONG, Band.MAYBE, Band.WEAK]
