"""Reliability: accuracy by probability, by hand."""

import numpy as np
import pytest

from paribus.charts.reliability import draw as draw_calibration
from paribus.judge.per_class import expected_calibration_error, reliability_points
from tests.charts.drawn import predictions, texts


def test_reliability_is_accuracy_by_probability():
    items = predictions(seeds=2)
    points = reliability_points(items)
    confidence = np.concatenate([i.probabilities.max(1) for i in items])
    right = np.concatenate([i.probabilities.argmax(1) == i.labels for i in items])
    own = (confidence >= 0.7) & (confidence < 0.8)
    point = next(p for p in points if 0.7 <= p.confidence < 0.8)
    assert (point.accuracy, point.share) == pytest.approx((right[own].mean(), own.mean()))
    assert sum(p.share for p in points) == pytest.approx(1)
    by_hand = sum(
        abs(confidence[b].mean() - right[b].mean()) * b.mean()
        for k in range(10)
        if (b := (confidence >= k / 10) & ((confidence < (k + 1) / 10) | (k == 9))).any()
    )
    assert expected_calibration_error(points) == pytest.approx(by_hand)
    assert sum(p.guesses for p in points) == 400
    assert "probability of the guess (n 400 guesses)" in texts(draw_calibration(points))
