"""Recall and precision of every class against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from paribus.judge.per_class import per_class
from paribus.records import Predictions
from tests.charts.drawn import predictions


def test_recall_and_precision_are_scikit_learns():
    items = predictions()
    rows = per_class(items, ("a", "b", "c", "d"))
    oracle = [precision_recall_fscore_support(i.labels, i.probabilities.argmax(1)) for i in items]
    for label, row in enumerate(rows):
        recalls = [found[1][label] for found in oracle]
        precisions = [found[0][label] for found in oracle]
        assert row.recall == pytest.approx((np.mean(recalls), min(recalls), max(recalls)))
        assert row.precision == pytest.approx(
            (np.mean(precisions), min(precisions), max(precisions))
        )
        assert row.images == oracle[0][3][label]
    never = Predictions(
        "test", np.arange(2), np.array([0, 0]), np.array([[1, 0], [1, 0]], np.float32)
    )
    assert per_class([never], ("a", "b"))[1].precision == (0.0, 0.0, 0.0)
