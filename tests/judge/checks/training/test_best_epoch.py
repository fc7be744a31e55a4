"""The best epoch is held against the last."""

from dataclasses import replace

from tests.judge.checks.studied import TRAIN, curve, found, plan, study


def test_the_best_epoch_is_held_against_the_last():
    best = {**TRAIN, "checkpoint": "best"}
    late = curve([0.7, 0.85, 0.93, 0.90, 0.90, 0.90], [0.9, 0.5, 0.4, 0.36, 0.35, 0.35])
    kept = [replace(t, curves=late, metrics={**t.metrics, "val_accuracy": 0.93}) for t in study()]
    (finding,) = found("best_epoch", plan(train=best), kept)
    assert finding.where == "a"
    assert finding.evidence == (
        "the kept epoch was chosen on the validation images, and its accuracy there is 3.00 points above the last "
        "epoch's (mean over 6 seeds)"
    )
    assert not found("best_epoch", plan(), kept)
    assert not found("best_epoch", plan(train=best), study())
