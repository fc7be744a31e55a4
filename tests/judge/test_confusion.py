"""The confusion matrix against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from paribus.judge.confusion import confusion
from paribus.records import Predictions


def test_the_confusion_matrix_is_scikit_learns():
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 3, 50)
    items = [
        Predictions("validation", np.arange(50), labels, draws.random((50, 3)).astype(np.float32))
        for _ in range(2)
    ]
    matrix = confusion(items, ("a", "b", "c"))
    guesses = np.concatenate([item.probabilities.argmax(1) for item in items])
    expected = confusion_matrix(np.tile(labels, 2), guesses)
    assert (np.array(matrix.counts) == expected).all()
    assert np.array(matrix.shares).sum(1) == pytest.approx([1, 1, 1])
    assert matrix.accuracy == pytest.approx(np.trace(expected) / 100)
    assert matrix.num_seeds == 2
    single = np.array([confusion_matrix(labels, item.probabilities.argmax(1)) for item in items])
    for ranges, cells in (
        (matrix.count_ranges, single),
        (matrix.share_ranges, single / single.sum(2, keepdims=True)),
    ):
        np.testing.assert_allclose(np.array(ranges)[..., 0], cells.min(0))
        np.testing.assert_allclose(np.array(ranges)[..., 1], cells.max(0))
