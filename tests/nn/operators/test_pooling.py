"""Max pooling has the bits of PyTorch."""

import math

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.operators.pooling import max_pool
from tests.nn.operators.compared import images


def gradient_of(function, x, seed=9):
    x = x.clone(memory_format=torch.preserve_format).requires_grad_()
    y = function(x)
    noise = torch.randn(y.shape, generator=torch.Generator().manual_seed(seed)).to(y.dtype)
    (gradient,) = torch.autograd.grad(y, x, noise.contiguous(memory_format=torch.channels_last))
    return y.detach(), gradient


POOLS = [
    ((2, 3, 8, 8), (2, 2), (2, 2)),
    ((3, 16, 9, 7), (2, 2), (2, 2)),
    ((2, 37, 10, 11), (3, 3), (3, 3)),
    ((2, 20, 9, 9), (3, 3), (2, 2)),
    ((1, 5, 8, 9), (2, 3), (3, 3)),
    ((2, 1, 6, 6), (6, 6), (6, 6)),
]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("shape", "size", "strides"), POOLS)
def test_max_pooling_has_the_bits_of_torch(kernels, shape, size, strides, dtype, relu):
    x = images(*shape, dtype=dtype)
    x = (x * 2).round() / 2 if dtype == torch.bfloat16 else x  # many ties

    def plain(x):
        y = F.max_pool2d(x, size, strides)
        return F.relu(y) if relu else y

    y, gradient = gradient_of(lambda x: max_pool(x, size, strides, relu=relu), x)
    expected, expected_gradient = gradient_of(plain, x)
    assert torch.equal(y, expected)
    if strides >= size or dtype == torch.float32:
        assert torch.equal(gradient, expected_gradient)
    else:  # sums of overlapping windows round in bfloat16
        torch.testing.assert_close(gradient, expected_gradient, rtol=2e-2, atol=2e-2)


def test_max_pooling_passes_nan_and_minus_infinity_on_as_torch_does(kernels):
    x = images(2, 17, 6, 6)
    x[0, 3, 2, 2] = math.nan
    x[1, 16] = -math.inf
    y, expected = max_pool(x, (2, 2), (2, 2)), F.max_pool2d(x, 2)
    assert torch.equal(y.isnan(), expected.isnan())
    assert y.isnan().sum() == 1
    assert torch.equal(y.nan_to_num(0.0), expected.nan_to_num(0.0))
    assert max_pool(x, (2, 2), (2, 2), relu=True).isnan().sum() == 1
