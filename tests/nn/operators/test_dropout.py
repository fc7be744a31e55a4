"""Dropout drawn by key: the same bits with and without kernels, the declared rate."""

import math

import pytest
import torch

from paribus.nn.operators.dropout import keyed_dropout, keyed_factors
from tests.nn.operators.compared import images


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 7, 5, 5), (2, 64, 3, 3), (100, 80), (1, 3)])
def test_dropout_has_the_same_bits_with_and_without_kernels(choose, shape, dtype):
    x = images(*shape, dtype=dtype) if len(shape) == 4 else torch.randn(shape).to(dtype)
    results = []
    for name in ("native", "torch"):
        choose(name)
        own = x.clone(memory_format=torch.preserve_format).requires_grad_()
        y = keyed_dropout(own, 0xFEDCBA9876543210, 12345, 20000, 65536 / 45536)
        (gradient,) = torch.autograd.grad(y, own, torch.ones_like(y))
        results.append((y.detach(), gradient))
    (y, gradient), (expected, expected_gradient) = results
    assert torch.equal(y, expected)
    assert torch.equal(gradient, expected_gradient)
    assert torch.equal(gradient == 0, y == 0)  # the backward pass drew the same mask


def test_dropout_factors_have_the_declared_rate_and_no_correlation(kernels):
    count, threshold = 200_000, 22938
    factors = keyed_factors(
        (count,), 77, 0, threshold, 65536 / (65536 - threshold), torch.device("cpu")
    )
    rate = threshold / 65536
    share = float((factors == 0).double().mean())
    deviation = math.sqrt(rate * (1 - rate) / count)
    assert abs(share - rate) < 4 * deviation
    centred = (factors == 0).double() - rate
    for lag in (1, 2, 3, 4, 5, 8, 64):
        correlation = float((centred[lag:] * centred[:-lag]).mean()) / (rate * (1 - rate))
        assert abs(correlation) < 4 / math.sqrt(count), lag
