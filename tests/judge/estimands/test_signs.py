"""Numbers of seeds: who is ahead, and whose networks collapse."""

import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from paribus.judge.statistics.rates import Rate
from paribus.judge.statistics.sign_test import Signs, seeds_to_tell
from tests.judge.estimands.collapsing import CHANCE, claim, plan, trials
from tests.judge.judging import judged


def row_of(none, bn, one):
    (row,) = judged([one], plan(len(none), [one]), trials(none, bn))
    return row


def test_wins_are_the_exact_sign_test():
    none, bn = [0.8] * 12, [0.82] * 10 + [0.78] + [0.8]
    row = row_of(none, bn, claim(of="wins"))
    assert row.p == pytest.approx(stats.binomtest(10, 11).pvalue)
    assert (row.word, row.ahead, row.ties) == ("supported in most seeds", 10.5, 1)
    assert row.estimate == pytest.approx(9 / 12)
    exact = stats.binomtest(10, 11).proportion_ci(0.95, method="exact")
    assert (row.low, row.high) == pytest.approx(
        ((2 * exact.low - 1) * 11 / 12, (2 * exact.high - 1) * 11 / 12)
    )


@pytest.mark.parametrize("lost", [CHANCE, None])
def test_a_collapse_loses_and_two_are_a_tie(lost):
    none, bn = [0.8] * 10, [0.7] * 10  # bn loses wherever both learn
    none[0] = lost
    none[1] = bn[1] = lost
    bn[2] = lost
    row = row_of(none, bn, claim(of="wins"))
    assert (row.ahead, row.ties, row.compared) == (1.5, 1, 10)
    loss = row_of(none, bn, claim("<", of="wins", metric="val_loss"))
    assert (loss.verdict, loss.p, loss.ties) == (row.verdict, row.p, row.ties)
    assert loss.ahead == 10 - row.ahead


def test_in_a_gap_a_collapse_is_a_tie():
    none, bn = [0.8] * 6, [0.9] * 6
    bn[0] = CHANCE
    assert row_of(none, bn, claim(metric="gap", of="wins")).ties == 6


def test_ties_up_to_rounding_are_ties():
    third = 1 / 3
    close = third + 1e-9  # as single precision leaves it
    row = row_of([third] * 6, [close] * 6, claim(of="wins"))
    assert row.ties == 0
    from paribus.records import DataDescription

    own = claim(of="wins")
    described = {"bn": DataDescription((8, 8, 1), (), {"validation": 300})}
    (row,) = judged([own], plan(6, [own]), trials([third] * 6, [close] * 6), descriptions=described)
    assert row.ties == 6
    (row,) = judged(
        [own], plan(6, [own]), trials([third] * 6, [third + 1 / 300] * 6), descriptions=described
    )
    assert row.ahead == 6


def test_collapse_is_mcnemars_exact_test():
    none = [CHANCE] * 8 + [0.8] * 8
    bn = [0.8] * 7 + [CHANCE] + [0.8] * 8
    row = row_of(none, bn, claim("<", of="collapse", metric="collapse"))
    table = [[1, 0], [7, 8]]
    assert row.p == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert row.word == "supported"
    assert row.estimate == pytest.approx((1 - 8) / 16)
    assert row.high < 0
    assert [rate.count for rate in row.collapse.rates] == [1, 8]
    assert row_of(none, bn, claim(">", of="collapse", metric="collapse")).verdict == "refuted"


def test_without_any_collapse_the_rates_are_equal_and_shown():
    row = row_of([0.8] * 10, [0.8] * 10, claim("<", of="collapse", metric="collapse"))
    assert row.verdict == "cannot be decided by seeds"
    assert [(rate.count, round(rate.high, 2)) for rate in row.collapse.rates] == [(0, 0.28)] * 2


@pytest.mark.parametrize("counts", [(10, 0, 0), (9, 1, 0), (5, 3, 2), (0, 4, 1), (7, 7, 0)])
def test_the_interval_of_signs_excludes_zero_where_the_test_rejects(counts):
    signs = Signs(*counts)
    assert signs.p() == pytest.approx(stats.binomtest(counts[0], sum(counts[:2])).pvalue)
    for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
        low, high = signs.interval(level)
        assert (low > 0 or high < 0) == (signs.p() < 1 - level)


@pytest.mark.parametrize("k, n", [(0, 10), (1, 10), (10, 10), (3, 7)])
def test_rates_have_wilson_intervals(k, n):
    wilson = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert Rate(k, n).interval() == pytest.approx(wilson)


@pytest.mark.parametrize(
    "plus, minus, alpha", [(0.1, 0.0, 0.05), (0.3, 0.05, 0.05), (0.3, 0.0, 0.01)]
)
def test_the_seeds_to_tell_rates_apart_have_the_power_and_one_fewer_has_not(plus, minus, alpha):
    def power(n):
        return sum(
            stats.multinomial.pmf([a, b, n - a - b], n, [plus, minus, 1 - plus - minus])
            for a in range(n + 1)
            for b in range(min(a, n - a) + 1)
            if a + b and stats.binomtest(a, a + b).pvalue <= alpha * (1 + 1e-12)
        )

    needed = seeds_to_tell(plus, minus, alpha)
    assert power(needed) >= 0.8
    assert power(needed - 1) < 0.8


def test_equal_rates_are_never_told_apart_and_close_ones_need_more_than_a_thousand():
    assert seeds_to_tell(0.1, 0.1, 0.05) is None
    assert seeds_to_tell(0.11, 0.1, 0.05) is None
