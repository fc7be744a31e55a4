"""Means of the cells of a factorial design, by hand."""

import numpy as np
import pytest
from scipy import stats

from paribus.charts.base.cells import cell_points, factor_pairs
from tests.charts.designs import LEVELS, study


def test_a_point_is_the_mean_over_seeds_of_the_mean_over_the_rest():
    plan, results = study()
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    assert [(p.x, p.series) for p in points] == [(r, d) for r in LEVELS["reg"] for d in LEVELS["depth"]]  # fmt: skip
    own = {
        k: [t.metrics["val_accuracy"] for t in results.trials if t.seed == k and t.levels["reg"] == "l2" and t.levels["depth"] == "two"]
        for k in range(4)
    }  # fmt: skip
    seeds = [np.mean(values) for values in own.values()]
    point = next(p for p in points if (p.x, p.series) == ("l2", "two"))
    low, high = stats.t.interval(0.95, 3, np.mean(seeds), stats.sem(seeds))
    assert (point.mean, point.low, point.high, point.n) == pytest.approx(
        (np.mean(seeds), low, high, 4)
    )


def test_pairs_put_the_factor_with_more_levels_first():
    plan, _ = study()
    assert factor_pairs(plan) == [("reg", "depth"), ("depth", "width"), ("reg", "width")]
    assert factor_pairs(study({"reg": ("none", "bn")})[0]) == []
    assert factor_pairs(study({"reg": ("none", "bn"), "same": ("only",)})[0]) == []
