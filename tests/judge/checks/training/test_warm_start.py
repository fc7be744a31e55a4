"""Weights that were carried over show in the first loss, or between variants."""

import math
from dataclasses import replace

import numpy as np
import pytest

from paribus.judge.checks.training.warm_start import fresh_loss
from paribus.records import (
    Variant,
)
from tests.judge.checks.studied import CLEAN, TRAIN, curve, found, observed, plan, study, trial


def test_weights_that_were_carried_over_show_in_the_first_loss():
    (finding,) = found("warm_start", plan(), study(**observed(first_loss=0.41)))
    assert finding.where == "b, seed 0"
    assert finding.evidence == (
        "the first loss is 0.41; a fresh network with 10 classes begins at about 2.30"
    )
    assert not found("warm_start", plan(), study(**observed(first_loss=2.1)))
    epoch_0 = (replace(CLEAN[0], epoch=0, metrics={"loss": 0.3}), *CLEAN)
    assert len(found("warm_start", plan(), study(curves=epoch_0))) == 1


def test_weights_that_were_carried_over_show_between_variants():
    first = [curve([0.5, 0.7, 0.9], [1.8, 0.9, 0.4]) for _ in range(6)]
    own = [trial("a", k, curves=first[k]) for k in range(6)]
    later = [trial("b", k, curves=curve([0.9, 0.92, 0.93], [0.41, 0.3, 0.28])) for k in range(6)]
    (finding,) = found("warm_start", plan(), own + later)
    assert finding.where == "b"
    assert finding.evidence == (
        "its first epoch's loss, 0.41, is close to the last loss of a, 0.40; a began at 1.80"
    )
    fresh = [trial("b", k, curves=curve([0.5, 0.8, 0.9], [1.7, 0.8, 0.4])) for k in range(6)]
    assert not found("warm_start", plan(), own + fresh)


@pytest.mark.parametrize("final", ["softmax", "sigmoid", "linear"])
@pytest.mark.parametrize(
    "loss",
    ["categorical_crossentropy", "binary_crossentropy", "mean_squared_error", "half_squared_error"],
)
def test_a_fresh_networks_loss_is_that_of_equal_probabilities(loss, final):
    import torch

    from paribus.nn.losses import build_loss
    from paribus.nn.training import TrainSpec

    own = {"optimizer": "SGD", "epochs": 1, "batch_size": 1, "loss": loss}
    model = {"layers": [{"Dense": {"units": 7, "activation": final}}]}
    expected = fresh_loss(Variant("a", {}, {}, model, own), 7)
    if expected is None:
        assert final == "linear"
        return
    built = build_loss(TrainSpec.parse(own, "keras"), final, 7)
    found = built(torch.zeros(3, 7), torch.tensor([0, 3, 6]), "mean").item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_fresh_network_on_a_small_batch_is_not_called_warm():
    two = replace(plan().variants[0], model={"layers": [{"Dense": {"units": 2}}]})
    for batch, loss, warm in (
        (1, 0.001, False),
        (4, 0.1, False),
        (16, 0.3, False),
        (64, 0.3, True),
    ):
        own = replace(plan(), variants=(replace(two, train={**TRAIN, "batch_size": batch}),))
        trials = [trial("a", 0, **observed(first_loss=loss, train_examples=600))]
        assert bool(found("warm_start", own, trials)) == warm, (batch, loss)
    draw = np.random.default_rng(5)  # whatever a network answers, its labels are not to be known
    for batch in (2, 8, 32):
        own = replace(plan(), variants=(replace(two, train={**TRAIN, "batch_size": batch}),))
        for scale in (1.0, 5.0):
            raw = scale * draw.normal(size=(2000, batch))
            signs = draw.choice((-1, 1), size=(2000, batch))
            losses = np.log1p(np.exp(-signs * raw)).mean(1)
            lowest = [trial("a", 0, **observed(first_loss=losses.min(), train_examples=600))]
            assert not found("warm_start", own, lowest)
    assert math.exp(-64 * (math.log(2) - 0.3)) < 1e-5  # the bound of the case that is found
