"""Which trials collapsed: exact tests of accuracies against the largest class."""

from dataclasses import replace

import pytest
from scipy import stats

from paribus.judge.estimands.collapse import collapsed_trials
from paribus.observed import Observed
from paribus.records import DataFacts
from tests.judge.estimands.collapsing import CHANCE, plan, trial, trials


def test_failed_trials_and_those_at_chance_collapsed():
    found = trials([0.9, CHANCE, None], [0.9, 0.9, 0.13])
    assert collapsed_trials(plan(3), found) == {("none", 1), ("none", 2)}


@pytest.mark.parametrize("examples", [500, 2000])
def test_the_border_is_that_of_the_exact_binomial_test(examples):
    fewest = next(
        k for k in range(examples) if stats.binomtest(k, examples, 0.1, alternative="greater").pvalue <= 0.01
    )  # fmt: skip
    counts = {"train": (examples // 10,) * 10}
    seen = Observed(train_examples=examples, class_counts=counts)
    for right, expected in ((fewest - 1, True), (fewest, False)):
        one = replace(trial("bn", 0, right / examples), observed=seen)
        assert bool(collapsed_trials(plan(1), [one])) == expected


def test_guessing_the_largest_class_is_no_skill():
    seen = Observed(train_examples=1000, class_counts={"train": (600, 200, 200)})
    guessing, learned = (replace(trial("bn", 0, value), observed=seen) for value in (0.6, 0.7))
    assert collapsed_trials(plan(1), [guessing])
    assert not collapsed_trials(plan(1), [learned])
    counted = {"bn": DataFacts({"train": (600, 200, 200)}, 0, {}, 0)}
    without = replace(guessing, observed=Observed(train_examples=1000))
    assert collapsed_trials(plan(1), [without], counted)


def test_too_few_images_to_tell_are_not_called_a_collapse():
    """Nine images of three classes cannot tell some skill from none, so only failures count."""
    seen = Observed(train_examples=9, class_counts={"train": (3, 3, 3)})
    assert not collapsed_trials(plan(1), [replace(trial("bn", 0, 3 / 9), observed=seen)])
    assert not collapsed_trials(plan(1), [replace(trial("bn", 0, CHANCE), observed=Observed())])
    assert collapsed_trials(plan(1), [replace(trial("bn", 0, None), observed=Observed())])


def test_a_trial_collapsed_or_not_whatever_else_has_ended():
    found = trials([0.9, CHANCE, 0.9], [0.9, 0.9, 0.9])
    assert collapsed_trials(plan(3), found[:2]) == collapsed_trials(plan(3), found)
