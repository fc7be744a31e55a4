"""Accuracies that count no images, and ones that mirror the loss."""

from tests.judge.checks.studied import curve, found, metrics, plan, study


def test_an_accuracy_that_mirrors_the_loss_is_none():
    mirrored = curve([0.7, 0.8, 0.9], [0.3, 0.2, 0.1])
    (finding,) = found("counted_accuracy", plan(), study(curves=mirrored))
    assert finding.severity == "error"
    assert finding.evidence == "accuracy is 1 - loss in all 3 epochs"
    (outside,) = found("counted_accuracy", plan(), study(**metrics(accuracy=1.5)))
    assert outside.evidence == "accuracy is 1.5, which is not between 0 and 1"


def test_a_solved_task_is_no_mirrored_loss():
    solved = curve([1.0, 1.0, 1.0], [1e-8, 1e-9, 0.0])
    assert not found("counted_accuracy", plan(), study(curves=solved))
