"""Every check is found by itself, finds its case and is silent on a clean study."""

import pytest

from paribus.judge.checks import all_checks
from paribus.judge.evidence import Evidence
from tests.judge.made_up import DATA, GOOD, plan, trial, trials, variant

CHECKED = {
    "few_seeds": (plan(seeds=3), []),
    "failed_trials": (plan(), [trial("one/bn", 2, 0.1, status="failed", reason="boom")]),
    "unscaled_pixels": (
        plan(variants=(variant("a", {}, data={**DATA, "preprocess": []}), variant("b", {}))),
        [],
    ),
    "validation_is_test": (
        plan(
            variants=(
                variant("a", {}, data={**DATA, "split": {"validation": "test"}}),
                variant("b", {}),
            )
        ),
        [],
    ),
    "second_differences": (
        plan(variants=(variant("a", {}), variant("b", {}, warnings=("also this",)))),
        [],
    ),
}


def test_every_check_is_discovered_and_has_a_case():
    assert set(all_checks()) == {*CHECKED, *MORE_CHECKED}


MORE_CHECKED = {
    "overfitting", "underfitting", "not_converged", "at_chance", "unequal_budgets", "resolution",
    "declared_optimizer", "batch_norm_memory", "lone_example", "counted_accuracy",
    "duplicates", "contradictory_labels", "class_imbalance", "warm_start",
    "dead_units", "vanishing_gradients", "shared_learning_rate", "unsteady_evaluation", "late_ranking",
    "contradicted_labels", "treated_differently", "best_epoch", "selection_optimism", "trivial_features",
}  # fmt: skip
"""Their cases are in test_cases.py, or in the file of their own name."""


@pytest.mark.parametrize("name", CHECKED)
def test_a_check_finds_its_case_and_is_silent_on_a_clean_study(name):
    check = all_checks()[name]
    own, found = CHECKED[name]
    findings = list(check(Evidence(own, found)))
    assert [finding.check for finding in findings] == [name]
    assert all((f.evidence and f.advice and f.where) for f in findings)
    assert list(check(Evidence(plan(), trials(GOOD)))) == []
