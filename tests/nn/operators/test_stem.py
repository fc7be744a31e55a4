"""The first convolution, with bias, activation and pooling in one pass, against float64."""

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.operators.stem import StemGeometry, stem_convolution, stem_supported
from tests.nn.operators.compared import images

STEMS = [
    (1, 16, (3, 3), (0, 0, 0, 0), (1, 1), (2, 2)),
    (1, 16, (3, 3), (0, 0, 0, 0), (1, 1), None),
    (3, 32, (3, 3), (1, 1, 1, 1), (1, 1), None),
    (1, 6, (5, 5), (2, 2, 2, 2), (1, 1), (2, 2)),
    (3, 20, (2, 2), (0, 0, 0, 0), (1, 1), (3, 3)),
    (3, 16, (3, 3), (0, 1, 0, 1), (2, 2), None),
    (2, 7, (4, 3), (1, 1, 1, 1), (1, 2), (2, 3)),
]


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("channels", "filters", "size", "pads", "strides", "pool"), STEMS)
def test_the_first_convolution_equals_float64(
    kernels, channels, filters, size, pads, strides, pool, bias, relu
):
    x = images(5, channels, 14, 13)
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws).requires_grad_()
    shift = torch.randn(filters, generator=draws).requires_grad_() if bias else None
    assert stem_supported(x, kernel)
    y = stem_convolution(x, kernel, shift, StemGeometry(pads, strides, relu, pool))
    exact = [t.detach().double().requires_grad_() for t in ([kernel, shift] if bias else [kernel])]
    z = F.conv2d(F.pad(x.double(), pads), exact[0], exact[1] if bias else None, strides)
    z = F.max_pool2d(z, pool) if pool else z
    z = F.relu(z) if relu else z
    torch.testing.assert_close(y.double(), z, rtol=1e-5, atol=1e-5)
    noise = torch.randn(z.shape, generator=draws)
    given = [kernel, shift] if bias else [kernel]
    ours = torch.autograd.grad(y, given, noise.contiguous(memory_format=torch.channels_last))
    theirs = torch.autograd.grad(z, exact, noise.double())
    for own, other in zip(ours, theirs, strict=True):
        scale = float(other.abs().max())
        torch.testing.assert_close(own.double(), other, rtol=1e-5, atol=1e-5 * scale)


def test_the_first_convolution_rounds_once_under_bf16(kernels):
    x = images(4, 1, 12, 12)
    kernel = torch.randn(16, 1, 3, 3, generator=torch.Generator().manual_seed(1))
    geometry = StemGeometry((0, 0, 0, 0), (1, 1), relu=True, pool=(2, 2))
    exact = stem_convolution(x, kernel, None, geometry)
    with torch.autocast("cpu", torch.bfloat16):
        narrow = stem_convolution(x, kernel, None, geometry)
    assert narrow.dtype == torch.bfloat16
    assert torch.equal(narrow, exact.bfloat16())


def test_a_first_convolution_with_many_taps_or_a_gradient_is_left_to_torch(kernels):
    assert not stem_supported(images(2, 32, 8, 8), torch.zeros(8, 32, 3, 3))
    assert not stem_supported(images(2, 1, 8, 8).requires_grad_(), torch.zeros(8, 1, 3, 3))
    assert stem_supported(images(2, 1, 8, 8), torch.zeros(8, 1, 3, 3))
