"""Hotelling's test against statsmodels, to the bit, and against scipy's t test for one column."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multivariate import test_mvmean as oracle

from paribus.judge.statistics.hotelling import hotelling


def same(rows):
    ours, theirs = hotelling(rows), oracle(rows)
    assert ours.degrees == theirs.df
    np.testing.assert_array_equal(
        [ours.statistic, ours.p], [float(theirs.statistic), float(theirs.pvalue)]
    )


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 40), st.integers(-12, 3))
def test_it_has_the_bits_of_statsmodels(seed, columns, more, magnitude):
    draws = np.random.default_rng(seed)
    rows = draws.normal(draws.normal(0, 1), 1, (columns + more, columns)) * 10.0**magnitude
    same(rows)
    same(np.asfortranarray(rows))  # as the transposed samples of claims lie in memory


@given(st.integers(0, 2**32 - 1), st.integers(3, 30))
def test_one_column_is_the_t_test(seed, n):
    values = np.random.default_rng(seed).normal(0.3, 1, n)
    ours, theirs = hotelling(values[:, None]), stats.ttest_1samp(values, 0)
    assert ours.degrees == (1, n - 1)
    assert ours.statistic == pytest.approx(theirs.statistic**2, rel=1e-9)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        oracle(values[:, None])  # the one input on which they differ; no claim has such


@pytest.mark.parametrize("far", [1.0, 1e3, 1e8, 1e-100])
def test_columns_of_unequal_spread_and_means_far_from_zero(far):
    rows = np.random.default_rng(3).normal(0, 1, (12, 3)) * [1.0, 1e-6, far] + [0.0, 5.0, far]
    same(rows)


def test_means_of_zero_have_a_p_of_1():
    rows = np.array([[1.0, 2.0], [-1.0, -2.0], [1.0, -3.0], [-1.0, 3.0]])
    assert hotelling(rows).statistic == 0.0
    assert hotelling(rows).p == 1.0
    same(rows)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_not_a_number(value):
    rows = np.random.default_rng(4).normal(0, 1, (8, 2))
    rows[3, 1] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        same(rows)
        assert np.isnan(hotelling(rows).p)


DEPENDENT = {
    "no variance": np.full((6, 2), 0.25),
    "all zero": np.zeros((6, 2)),
    "one constant column": np.column_stack([np.arange(6.0), np.ones(6)]),
    "equal columns": np.column_stack([np.arange(6.0)] * 2),
    "one column, no variance": np.ones((6, 1)),
    "two rows, two columns": np.array([[1.0, 2.0], [2.0, 1.0]]),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_what_has_no_covariance_to_invert_is_an_error_as_it_is_there(name):
    for test in (hotelling, oracle):
        with pytest.raises(np.linalg.LinAlgError):
            test(DEPENDENT[name])


def test_as_many_columns_as_rows_is_an_error_as_it_is_there():
    rows = np.random.default_rng(4).normal(0, 1, (3, 3))
    for test in (hotelling, oracle):
        with pytest.raises((ZeroDivisionError, np.linalg.LinAlgError)):
            test(rows)


def test_a_statistic_that_rounding_makes_negative_has_the_p_of_statsmodels(monkeypatch):
    rows = np.random.default_rng(5).normal(0, 1, (7, 2))
    monkeypatch.setattr(np.linalg, "solve", lambda matrix, vector: -1e-9 * vector)
    assert hotelling(rows).statistic < 0
    assert hotelling(rows).p == 1.0
    same(rows)
