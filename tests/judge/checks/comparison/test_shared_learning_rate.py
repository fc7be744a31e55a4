"""One learning rate for optimizers of different kinds."""

from tests.judge.checks.studied import TRAIN, found, plan


def test_one_learning_rate_for_optimizers_of_different_kinds():
    sgd = {**TRAIN, "optimizer": {"SGD": {"learning_rate": 0.001}}}
    (finding,) = found("shared_learning_rate", plan(train=sgd), [])
    assert (finding.where, finding.evidence) == ("a, b", "SGD, Adam all run at learning_rate 0.001")
    nadam = {**TRAIN, "optimizer": {"Nadam": {"learning_rate": 0.001}}}
    assert not found("shared_learning_rate", plan(train=nadam), [])
    other = {**TRAIN, "optimizer": {"SGD": {"learning_rate": 0.01}}}
    assert not found("shared_learning_rate", plan(train=other), [])
