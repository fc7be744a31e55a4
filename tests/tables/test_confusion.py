"""The table of a confusion matrix: scikit-learn's counts, and shares of the true class."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from paribus.judge.confusion import confusion
from paribus.records import Predictions
from paribus.tables.confusion import table

NAMES = ("cat", "dog", "owl")


@pytest.fixture
def pooled():
    """Predictions of two seeds, and scikit-learn's counts of both."""
    draw = np.random.default_rng(0)
    labels = np.arange(60) % 3
    seeds = [
        Predictions("validation", np.arange(60), labels, draw.dirichlet((1, 1, 1), 60))
        for _ in range(2)
    ]
    counts = sum(confusion_matrix(labels, seed.probabilities.argmax(1)) for seed in seeds)
    return confusion(seeds, NAMES), counts


def test_rows_are_the_truth_and_all_seeds_are_pooled(pooled):
    matrix, counts = pooled
    found = table("validation", matrix)
    assert (found.name, found.columns) == ("confusion-validation", ("truth", *NAMES))
    assert [row[0] for row in found.values] == list(NAMES)
    assert [list(row[1:]) for row in found.values] == counts.tolist()
    assert found.cells[0][1:] == tuple(map(str, counts[0]))


def test_shares_are_of_the_true_class(pooled):
    matrix, counts = pooled
    found = table("validation", matrix, normalised=True)
    assert found.name == "confusion-validation-normalised"
    shares = counts / counts.sum(1, keepdims=True)
    np.testing.assert_allclose([row[1:] for row in found.values], shares)
    assert found.cells[2][1] == f"{100 * shares[2, 0]:.1f} %"
