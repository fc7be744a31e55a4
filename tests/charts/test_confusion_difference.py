"""The difference of two confusion matrices, in shares of the true class."""

import numpy as np

from paribus.judge.confusion import confusion, confusion_difference
from tests.charts.drawn import predictions


def test_the_difference_of_two_matrices_is_in_shares_of_the_true_class():
    one, other = (confusion(predictions(seeds), ("a", "b", "c", "d")) for seeds in (3, 1))
    found = confusion_difference(("x", one), ("y", other), "validation")
    expected = np.array(one.shares) - np.array(other.shares)
    np.testing.assert_allclose(np.array(found.shares), expected)
    assert np.abs(np.array(found.shares).sum(1)).max() < 1e-12
    assert (found.left, found.right, found.split) == ("x", "y", "validation")
