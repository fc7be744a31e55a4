"""Initialisers have the moments of Keras and PyTorch."""

import math

import numpy as np
import pytest
import torch

from paribus.keyed import generator
from paribus.nn.initial import initial_weights
from paribus.nn.initializers import INITIALIZERS, draw
from tests.nn.frameworks import OUT, conv, model


@pytest.mark.parametrize(
    "name", [n for n in INITIALIZERS if n not in ("zeros", "ones", "constant", "orthogonal")]
)
def test_initialisers_have_the_moments_of_keras_and_torch(name):
    fan_in, fan_out, shape = 90, 160, (400, 300)
    given_name = {name: {"minval": -0.05, "maxval": 0.05}} if name == "random_uniform" else name
    given_name = {name: {"mean": 0.0, "stddev": 0.05}} if name == "random_normal" else given_name
    values = draw(
        given_name, shape, fan_in=fan_in, fan_out=fan_out, generator=generator(0, "sample")
    )
    variance = {
        "glorot": 2 / (fan_in + fan_out),
        "he": 2 / fan_in,
        "lecun": 1 / fan_in,
        "torch": 1 / (3 * fan_in),
        "random": 0.05**2 * (1 / 3 if "uniform" in name else 1),
    }[name.split("_")[0]]
    assert values.dtype == np.float32
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    assert values.var() == pytest.approx(variance, rel=0.02)
    if "uniform" in name:
        assert np.abs(values).max() <= math.sqrt(3 * variance) * (1 + 1e-6)


def test_orthogonal_rows_are_orthonormal():
    values = draw(
        {"orthogonal": {"gain": 1.0}},
        (5, 12),
        fan_in=1,
        fan_out=1,
        generator=generator(0, "sample"),
    )
    np.testing.assert_allclose(values @ values.T, np.eye(5), atol=1e-6)


def test_torch_profile_begins_as_torch_does():
    torch.manual_seed(0)
    ours = initial_weights(model(conv(64, 5), "Flatten", OUT, defaults="torch"), (12, 12, 8), 0)
    theirs = torch.nn.Conv2d(8, 64, 5)
    for name, tensor in (("kernel", theirs.weight), ("bias", theirs.bias)):
        bound = 1 / math.sqrt(8 * 25)
        assert np.abs(ours[f"conv2d_1/{name}"]).max() <= bound
        assert ours[f"conv2d_1/{name}"].std() == pytest.approx(tensor.std().item(), rel=0.25)
