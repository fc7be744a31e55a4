"""Seeds crossed with images: mean squares by the linear model, coverage by simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from paribus.judge.statistics.crossed import Spread, crossed_spread
from paribus.judge.statistics.samples import Sample, seeds_in_scope
from paribus.judge.verdicts import seeds_needed


def drawn(seeds, images, *, of_seed, of_image, of_rest, stream=0):
    draws = np.random.default_rng(stream)
    return (
        0.02
        + draws.normal(0, of_seed, seeds)[:, None]
        + draws.normal(0, of_image, images)[None]
        + draws.normal(0, of_rest, (seeds, images))
    )


def test_the_mean_squares_are_those_of_the_linear_model():
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    table = drawn(5, 12, of_seed=0.5, of_image=1.0, of_rest=0.7)
    rows = [(k, i, table[k, i]) for k in range(5) for i in range(12)]
    frame = pd.DataFrame(rows, columns=["seed", "image", "y"])
    anova = anova_lm(ols("y ~ C(seed) + C(image)", frame).fit())
    squares = dict(zip(anova.index, anova["mean_sq"], strict=True))
    total = squares["C(seed)"] + squares["C(image)"] - squares["Residual"]
    found = crossed_spread(table)
    assert found.error == pytest.approx(math.sqrt(total / 60))
    assert found.floor == pytest.approx(math.sqrt((squares["C(image)"] - squares["Residual"]) / 60))
    parts = (
        squares["C(seed)"] ** 2 / 4,
        squares["C(image)"] ** 2 / 11,
        squares["Residual"] ** 2 / 44,
    )
    assert found.freedom == pytest.approx(total**2 / sum(parts))


def test_without_image_effects_it_is_the_seeds_error():
    table = np.repeat(drawn(8, 1, of_seed=1.0, of_image=0.0, of_rest=0.0), 30, axis=1)
    found = crossed_spread(table)
    assert found.error == pytest.approx(stats.sem(table.mean(1)))
    assert found.freedom == pytest.approx(7)
    assert found.floor == 0.0
    assert all(math.isnan(v) for v in vars(crossed_spread(table[:1])).values())


def test_the_interval_covers_the_mean_of_the_source():
    covered = narrow = 0
    for stream in range(400):
        table = drawn(8, 60, of_seed=0.01, of_image=0.2, of_rest=0.4, stream=stream)
        values = tuple(table.mean(1))
        low, high = Sample(values, crossed_spread(table)).interval(0.95)
        covered += low <= 0.02 <= high
        low, high = Sample(values).interval(0.95)
        narrow += low <= 0.02 <= high
    assert stats.binomtest(covered, 400, 0.95).pvalue > 0.001
    assert narrow < 0.9 * 400


def test_seeds_do_not_help_beyond_the_floor():
    sample = Sample((0.01, 0.012, 0.008, 0.01, 0.011, 0.009), Spread(0.006, 20.0, 0.0058))
    assert seeds_in_scope(sample, 0.01, 0.05, equality=False) is None
    assert seeds_needed(sample, ">", 0.01) is None
    free = Sample(sample.values, Spread(0.006, 20.0, 0.0))
    n = seeds_in_scope(free, 0.01, 0.05, equality=False)
    error = 0.006 * math.sqrt(6 / n)
    assert 1 - stats.norm.cdf(stats.norm.ppf(0.975) - 0.01 / error) >= 0.8
    assert seeds_in_scope(free, 0.1, 0.05, equality=True) < n
