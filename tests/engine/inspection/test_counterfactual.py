"""Why a trial failed: what is tried again, and what alone makes the failure vanish."""

import torch

from paribus.engine.inspection.counterfactual import explain_failure
from paribus.engine.inspection.examine import examine
from paribus.engine.run import first_failure, run_trial
from tests.engine.inspection.handmade import prepared


def test_a_failure_is_traced_to_the_learning_rate_and_not_to_the_batch_size():
    trial, data = prepared(optimizer={"SGD": {"learning_rate": 1e38}})
    outcome = examine(trial, data, run_trial(trial, data, emit=lambda _: None))
    rows = {row.change: row.fails for row in outcome.observed.counterfactuals}
    assert rows == {
        "nothing": True,
        "batch_size 16": True,
        "batch_size 64": True,
        "NaN and infinity in the inputs set to 0": True,
        "inputs standardised": True,
        "learning_rate / 10": True,
        "learning_rate 0.0001": False,
    }


def test_a_late_failure_is_not_run_again_and_a_healthy_trial_has_none():
    trial, data = prepared()
    assert explain_failure(trial, data, steps=401) == ()
    assert explain_failure(trial, data, steps=0) == ()
    assert first_failure(trial, data, num_steps=70, device=torch.device("cpu")) is None


def test_the_failing_step_is_the_one_that_the_trial_names():
    trial, data = prepared(optimizer={"SGD": {"learning_rate": 1e38}})
    outcome = run_trial(trial, data, emit=lambda _: None)
    step = first_failure(trial, data, num_steps=50, device=torch.device("cpu"))
    assert outcome.observed.failed_after == step
    assert f"epoch 1, step {step};" in outcome.reason
