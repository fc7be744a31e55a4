"""Gradients of convolutions against float64."""

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.operators.convolution import convolve
from tests.nn.operators.compared import images

CONVOLUTIONS = [
    (32, 64, 3, (26, 26), (1, 1), (0, 0)),  # the own way
    (5, 48, 3, (24, 21), (1, 1), (1, 1)),
    (16, 16, 5, (50, 50), (2, 2), (2, 2)),
    (3, 32, (2, 4), (41, 47), (2, 1), (0, 2)),
    (64, 32, 3, (11, 11), (1, 1), (0, 0)),  # oneDNN's
    (8, 6, 3, (30, 30), (1, 1), (1, 1)),
]


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_gradients_of_a_convolution_equal_float64(kernels, case):
    channels, filters, size, sides, strides, padding = case
    size = size if isinstance(size, tuple) else (size, size)
    x = images(3, channels, *sides).requires_grad_()
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws).requires_grad_()
    bias = torch.randn(filters, generator=draws).requires_grad_()
    y = convolve(x, kernel, bias, strides, padding)
    exact = [t.detach().double().requires_grad_() for t in (x, kernel, bias)]
    z = F.conv2d(*exact, strides, padding)
    noise = torch.randn(z.shape, generator=draws)
    for own, other in zip(
        torch.autograd.grad(y, (x, kernel, bias), noise),
        torch.autograd.grad(z, exact, noise.double()),
        strict=True,
    ):
        torch.testing.assert_close(
            own.double(), other, rtol=1e-5, atol=1e-5 * float(other.abs().max())
        )
