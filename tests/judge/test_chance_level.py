"""Chance level of a split: of the trial's own counts, else of the data's, else of the classes."""

from dataclasses import replace

from paribus.judge.chance_level import LARGEST_CLASS, chance_level
from paribus.observed import Observed
from paribus.records import DataFacts
from tests.judge.estimands.collapsing import trial


def test_the_trials_own_counts_come_first():
    one = replace(trial("bn", 0, 0.5), observed=Observed(class_counts={"train": (6, 2, 2)}))
    facts = {"bn": DataFacts({"train": (5, 5), "validation": (1, 3)}, 0, {}, 0)}
    assert chance_level(one, "train", 0, facts) == 0.6
    assert chance_level(one, "validation", 0, facts) == 0.75


def test_without_counts_the_number_of_classes_is_all_there_is():
    one = replace(trial("bn", 0, 0.5), observed=Observed())
    assert chance_level(one, "train", 10, {}) == 0.1 + LARGEST_CLASS
    assert chance_level(one, "train", 0, {}) is None
    assert chance_level(one, "train", 1, {}) is None
