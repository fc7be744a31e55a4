"""Rows of values: every seed, and what has failed."""

import math

import numpy as np
import pytest
from scipy import stats

from paribus.charts.base.seed_values import seed_rows
from tests.charts.seeded import SEEDS, study


def test_rows_have_every_seed_and_say_what_has_failed():
    _, results = study()
    rows = seed_rows(results, "val_accuracy")
    assert [row.count for row in rows] == ["n 5", "n 5", "n 3, 2 failed"]
    values = [0.6 + 0.026 * seed for seed in range(SEEDS)]
    low, high = stats.t.interval(0.95, SEEDS - 1, np.mean(values), stats.sem(values))
    assert list(rows[1].values.values()) == pytest.approx(values)
    assert (rows[1].mean, rows[1].low, rows[1].high) == pytest.approx((np.mean(values), low, high))
    assert sorted(rows[2].values) == [2, 3, 4]
    assert all(math.isnan(row.mean) for row in seed_rows(results, "test_accuracy"))
