"""Photos that look different each time, and never too different."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.training.data.augment import augmented

shares = st.floats(0, 1)
seeds = st.integers(0, 2**32)


def made(
    pixels: NDArray[np.uint8], edge_px: int = 32, *, smallest: float, colour: float, seed: int
) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return augmented(pixels, edge_px, smallest_crop=smallest, colour=colour, rng=rng)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 60), shares, shares, seeds)
def test_any_photo_becomes_a_square_of_the_edge_asked_for(
    height: int, width: int, edge_px: int, smallest: float, colour: float, seed: int
) -> None:
    photo = noise(height, width)
    before = photo.copy()
    found = made(photo, edge_px, smallest=smallest, colour=colour, seed=seed)
    assert found.shape == (edge_px, edge_px, 3)
    assert found.dtype == np.uint8
    assert np.array_equal(photo, before)


def test_a_seed_gives_one_picture_and_another_another() -> None:
    photo = noise(64, 64)
    first, again, other = (made(photo, smallest=0.4, colour=0.3, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@given(shares, seeds)
def test_no_crop_is_smaller_than_the_smallest(smallest: float, seed: int) -> None:
    """Where each pixel came from is written in it: red across, green down."""
    edge = 256
    across, down = np.meshgrid(np.arange(edge), np.arange(edge))
    places = np.stack([across, down, np.zeros_like(across)], axis=2).astype(np.uint8)
    found = made(places, edge, smallest=smallest, colour=0, seed=seed).astype(int)
    width, height = (np.ptp(found[:, :, channel]) + 1 for channel in (0, 1))
    assert width * height >= smallest * edge**2 * 0.98  # edges are rounded to whole numbers


@given(seeds)
def test_a_whole_photo_in_its_own_colours_is_only_mirrored(seed: int) -> None:
    photo = noise(32, 32)
    symmetric = np.maximum(photo, photo[:, ::-1])
    assert np.array_equal(made(symmetric, smallest=1, colour=0, seed=seed), symmetric)
    found = made(photo, smallest=1, colour=0, seed=seed)
    assert np.array_equal(found, photo) or np.array_equal(found, photo[:, ::-1])


def test_half_of_the_photos_are_mirrored() -> None:
    photo = noise(8, 8)
    kept = [
        np.array_equal(made(photo, 8, smallest=1, colour=0, seed=seed), photo)
        for seed in range(400)
    ]
    assert 150 < sum(kept) < 250


@given(shares, seeds)
def test_grey_stays_grey(colour: float, seed: int) -> None:
    grey = np.repeat(noise(40, 40)[:, :, :1], 3, axis=2)
    found = made(grey, smallest=0.3, colour=colour, seed=seed).astype(int)
    assert np.ptp(found, axis=2).max() <= 1  # each channel is rounded by itself


def test_the_colours_change_no_further_than_the_share_asked_for() -> None:
    flat = np.full((16, 16, 3), 100, np.uint8)
    means = [made(flat, smallest=1, colour=0.3, seed=seed).mean() for seed in range(300)]
    assert 100 * (1 - 0.3 * 1.3) <= min(means) < 75  # darker, while contrast pulls further down
    assert 125 < max(means) <= 100 * (1 + 0.3 * 1.3)
