import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hubness import OF_PICTURES, asking, hubness, searched
from engine.models.starter import StarterEncoder
from engine.records import Medium


def unit(count: int, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).standard_normal((count, 16)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@given(st.integers(0, 2**32 - 1))
def test_hubness_lies_between_the_mean_and_the_greatest_cosine(seed: int) -> None:
    vectors, bank = unit(5, seed), unit(9, seed + 1)
    cosines = vectors @ bank.T
    found = hubness(vectors, bank)
    assert np.all(found >= cosines.mean(axis=1) - 1e-5)
    assert np.all(found <= cosines.max(axis=1) + 1e-5)


def test_without_a_bank_there_are_no_hubs() -> None:
    vectors, bank = unit(5, 0), unit(0, 1)
    level = searched(vectors, bank) @ asking(vectors[0], OF_PICTURES)
    assert level == pytest.approx(vectors @ vectors[0], abs=1e-6)


def test_a_hub_comes_after_what_is_meant() -> None:
    everything, meant = np.eye(16, dtype=np.float32)[:2]
    bank = everything + 0.2 * unit(200, 3)
    query = 0.6 * everything + 0.8 * meant
    hub = 0.9 * everything + 0.44 * meant
    photos = np.stack([meant, hub])
    level = searched(photos, bank) @ asking(query, OF_PICTURES)
    assert (photos @ query).argmax() == 1
    assert level.argmax() == 0


def test_within_a_medium_nothing_is_levelled() -> None:
    vectors, bank = unit(5, 0), unit(9, 1)
    assert searched(vectors, bank) @ asking(vectors[2]) == pytest.approx(
        vectors @ vectors[2], abs=1e-6
    )


def test_what_a_model_knows_nothing_of_stays_nothing() -> None:
    assert not np.any(asking(np.zeros(16, np.float32), OF_PICTURES))


def test_pages_of_many_vectors_are_as_one() -> None:
    vectors, bank = unit(5000, 0), unit(9, 1)
    one_by_one = [hubness(vectors[at : at + 1], bank)[0] for at in (0, 4095, 4096, 4999)]
    assert hubness(vectors, bank)[[0, 4095, 4096, 4999]] == pytest.approx(one_by_one, abs=1e-5)


def test_the_starter_model_brings_banks_of_both_media() -> None:
    encoder = StarterEncoder()
    try:
        for medium in Medium:
            bank = encoder.background(medium)
            assert bank.shape == (1024, encoder.card.dimension)
            assert np.linalg.norm(bank, axis=1) == pytest.approx(1, abs=1e-5)
            near = hubness(bank, encoder.background(medium.other))
            assert OF_PICTURES * near.std() > 0.005
    finally:
        encoder.close()
