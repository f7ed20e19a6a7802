"""Long texts in stretches: nothing is lost, no stretch is too long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.windows import average_windows, split_windows


@given(st.lists(st.lists(st.integers())), st.integers(1, 9))
def test_stretches_put_together_are_the_texts(texts, longest):
    windows, owners = split_windows(texts, longest)
    together = [[] for _ in texts]
    for window, owner in zip(windows, owners, strict=True):
        assert 0 < len(window) <= longest
        together[owner] += window
    assert together == texts


def test_stretches_of_a_text_are_equally_long():
    windows, _ = split_windows([list(range(513))], 512)
    assert [len(window) for window in windows] == [256, 257]


def test_stretches_are_averaged_and_normalised():
    embeddings = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    averaged = average_windows(embeddings, [0, 0, 2], 3)
    assert averaged == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 0], [1, 0]]))
