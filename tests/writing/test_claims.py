"""Sentences about the seeds of a claim, checked against hand-made rows."""

import numpy as np
import pytest

from paribus.writing.claims import format_claim, seed_sentences
from tests.judge.estimands.collapsing import CHANCE, claim, plan, trials
from tests.judge.judging import judged

GAIN = [0.09, 0.05, 0.08, 0.07, 0.1, 0.06, 0.07, 0.09, 0.08, 0.07]


def row_of(none, bn, one=None):
    own = one or claim()
    (row,) = judged([own], plan(len(none), [own]), trials(none, bn))
    return row


def test_where_nothing_collapses_one_sentence_says_who_is_ahead():
    none, bn = [0.8] * 10, [0.8 + gain for gain in GAIN]
    assert seed_sentences(row_of(none, bn)) == ("bn is ahead in 10 of 10 seeds.",)
    bn[0], bn[1] = 0.8, 0.7
    assert seed_sentences(row_of(none, bn)) == ("bn is ahead in 8 of 10 seeds, equal in 1.",)
    lower = row_of(none, bn, claim("<", metric="val_loss"))
    assert seed_sentences(lower) == ("bn is ahead in 8 of 10 seeds, equal in 1.",)


def test_a_collapse_is_told_by_three_more_sentences():
    none, bn = [0.8] * 10, [0.8 + gain for gain in GAIN]
    none[3] = CHANCE
    row = row_of(none, bn)
    ahead, learned, collapsed, mean = seed_sentences(row)
    assert ahead == "bn is ahead in 10 of 10 seeds."
    left = [gain for k, gain in enumerate(GAIN) if k != 3]
    assert learned.startswith(
        f"On the 9 seeds where both learn: +{100 * np.mean(left):.2f} points ["
    )
    assert learned.endswith("p < 0.0001.")
    assert collapsed == (
        "bn collapsed in 0 of 10 seeds (95 %: 0-28 %), none in 1 of 10 (2-40 %): 10 seeds cannot tell these "
        "rates apart; 10 % against 0 % takes about 78 seeds."
    )
    total = np.mean([b - a for a, b in zip(none, bn, strict=True)])
    assert mean.startswith(f"The mean over all 10 seeds, +{100 * total:.2f} points [")
    assert mean.endswith("], mixes both.")


def test_a_failed_trial_has_no_mean_and_rates_that_differ_say_so():
    none, bn = [None] * 7 + [0.8] * 8, [0.9] * 15
    sentences = seed_sentences(row_of(none, bn))
    assert len(sentences) == 3
    assert sentences[-1].endswith("these rates differ (p = 0.016, this comparison alone).")


def test_equal_rates_are_given_and_nothing_is_said_of_telling_them_apart():
    none, bn = [0.8] * 10, [0.8 + gain for gain in GAIN]
    none[0] = bn[1] = CHANCE
    assert seed_sentences(row_of(none, bn))[2] == (
        "bn collapsed in 1 of 10 seeds (95 %: 2-40 %), none in 1 of 10 (2-40 %)."
    )


def test_a_threshold_and_a_gap_have_words_of_their_own():
    none, bn = [0.8] * 10, [0.8 + gain for gain in GAIN]
    over = claim(kind="threshold", threshold=0.855)
    object.__setattr__(over, "right", "0.855")
    assert seed_sentences(row_of(none, bn, over)) == ("Above 0.855 in 9 of 10 seeds.",)
    assert seed_sentences(row_of(none, bn, claim(metric="gap"))) == (
        "Above zero in 0 of 10 seeds, equal in 10.",
    )


@pytest.mark.parametrize(
    "of, metric, text",
    [
        ("wins", "val_accuracy", "9 : 1 seeds"),
        ("collapse", "collapse", "1 of 10 : 2 of 10"),
        ("learned", "val_accuracy", "+7.14 points ["),
    ],
)
def test_an_estimate_is_given_in_its_own_unit(of, metric, text):
    none, bn = [0.8] * 10, [0.8 + gain for gain in GAIN]
    none[3] = none[4] = bn[0] = CHANCE
    assert format_claim(row_of(none, bn, claim(of=of, metric=metric))).startswith(text)


def test_before_any_seed_nothing_is_said():
    assert seed_sentences(row_of([], [])) == ()
