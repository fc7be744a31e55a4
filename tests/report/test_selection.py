"""What won, in one sentence; and what is said where nothing can win."""

from dataclasses import replace

from paribus.judge.results import MissingTrial, Selection
from paribus.judge.statistics.effects import Interval
from paribus.report.selection import selection_sentence
from tests.report.terminal.made_up import results

MEAN = Interval(0.9, 0.88, 0.92, 0.01, 5)
WON = "Selected by validation accuracy: b with 90.00 % [88.00, 92.00] over 5 seeds"


def said(refit="none", test=None, by="val_accuracy"):
    chosen = Selection("b", by, MEAN, "a", refit, test or {})
    return selection_sentence(replace(results(), selected=chosen))


def test_the_winner_is_named_with_its_number_and_seeds():
    assert said() == f"{WON}."
    assert said(refit="train+validation") == f"{WON}.", "nothing was tested yet"


def test_a_test_is_said_with_what_was_trained_for_it():
    test = {"test_accuracy": Interval(0.85, 0.8, 0.9, 0.01, 5)}
    tested = "tested once: 85.00 % [80.00, 90.00]."
    assert said(test=test) == f"{WON}; {tested}"
    assert said("train+validation", test) == f"{WON}; refitted on train + validation and {tested}"


def test_a_loss_is_no_percentage():
    assert said(by="val_loss").startswith(
        "Selected by validation loss: b with 0.900 [0.880, 0.920]"
    )


def test_missing_trials_are_counted_and_nothing_is_said_where_nothing_can_win():
    missing = tuple(MissingTrial("a", seed, None) for seed in range(2))
    found = replace(results(), missing=missing[:1])
    assert selection_sentence(found) == "Nothing is selected: 1 trial is missing."
    found = replace(results(), missing=missing)
    assert selection_sentence(found) == "Nothing is selected: 2 trials are missing."
    assert selection_sentence(results()) == ""
