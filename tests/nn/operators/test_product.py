"""Products of matrices against float64."""

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.operators.product import linear


@pytest.mark.parametrize("shape", [(100, 2704, 80), (64, 300, 100), (7, 20, 10)])
def test_products_equal_float64(kernels, shape):
    n, features, units = shape
    draws = torch.Generator().manual_seed(1)
    given = [
        torch.randn(*size, generator=draws).requires_grad_()
        for size in ((n, features), (units, features), (units,))
    ]
    exact = [item.detach().double().requires_grad_() for item in given]
    y, z = linear(*given), F.linear(*exact)
    noise = torch.randn(z.shape, generator=draws)
    torch.testing.assert_close(y.double(), z, rtol=1e-4, atol=1e-4)
    for own, other in zip(
        torch.autograd.grad(y, given, noise),
        torch.autograd.grad(z, exact, noise.double()),
        strict=True,
    ):
        torch.testing.assert_close(own.double(), other, rtol=1e-4, atol=1e-4)
