"""Optimizers against torch's and the engine's; whole trainings of the reference against the engine."""

import numpy as np
import pytest
import torch

from paribus.nn.optimizers import build_optimizer
from paribus.nn.training import OPTIMIZERS, TrainSpec
from paribus.reference.optimizers import ReferenceOptimizer

EXTRA = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}],
    "RMSprop": [{}, {"momentum": 0.5}, {"centered": True, "momentum": 0.3}],
    "Adam": [{}, {"weight_decay": 0.02}],
}


@pytest.mark.parametrize("profile", ["keras", "torch"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_the_engines_in_double_precision(name, profile):
    for extra in EXTRA.get(name, [{}]):
        plain = {
            "optimizer": {name: {"learning_rate": 0.03, **extra}},
            "epochs": 1,
            "batch_size": 1,
        }
        train = TrainSpec.parse(plain, profile)
        draws = np.random.default_rng(1)
        own = {"a": draws.normal(0, 1, (3, 4)), "b": draws.normal(0, 1, 5)}
        tensors = {
            key: torch.from_numpy(value.copy()).requires_grad_() for key, value in own.items()
        }
        engine = build_optimizer(train, tensors.values(), profile)
        constants = train.built_optimizer()[1].model_dump(mode="json")
        reference = ReferenceOptimizer(name, constants, keras=profile == "keras")
        for step in range(6):
            gradients = {key: draws.normal(0, 1, value.shape) for key, value in own.items()}
            for key, tensor in tensors.items():
                tensor.grad = torch.from_numpy(gradients[key].copy())
            engine.learning_rate = reference.learning_rate = 0.03 / (1 + step)
            engine.step()
            own = reference.step(own, gradients)
            for key, tensor in tensors.items():
                np.testing.assert_allclose(own[key], tensor.detach().numpy(), rtol=1e-9, atol=1e-12)
