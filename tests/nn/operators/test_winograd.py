"""Winograd's filtering against float64, and kernels for vectors of other widths against ours."""

import pytest
import torch
from torch.nn import functional as F

from paribus.nn.native import library as native
from paribus.nn.operators import winograd
from paribus.nn.operators.convolution import convolve
from paribus.nn.operators.dropout import keyed_dropout
from paribus.nn.operators.pooling import max_pool
from paribus.nn.operators.stem import StemGeometry, stem_convolution

CASES = [
    # n, channels, height, width, filters, size, padding
    (2, 32, 12, 12, 32, 3, (0, 0)),  # whole tiles
    (3, 32, 13, 9, 64, 3, (1, 1)),  # tiles that hang over on both sides
    (1, 64, 7, 30, 32, 3, (2, 0)),
    (2, 32, 12, 12, 32, 5, (0, 0)),
    (3, 96, 11, 14, 64, 5, (2, 2)),
    (1, 32, 5, 5, 32, 5, (0, 4)),  # one row of outputs
    (70, 32, 8, 8, 32, 3, (1, 1)),  # more tiles than are kept at a time
]
BOUND = {3: 1e-5, 5: 3e-5}
"""Largest error over the largest value; direct sums in float32 have about 1e-6."""


pytestmark = pytest.mark.usefixtures("kernels")


def drawn(case):
    n, channels, height, width, filters, size, padding = case
    draws = torch.Generator().manual_seed(3)
    x = torch.randn(n, channels, height, width, generator=draws)
    kernel = torch.randn(filters, channels, size, size, generator=draws) / size
    bias = torch.randn(filters, generator=draws)
    exact = F.conv2d(x.double(), kernel.double(), bias.double(), padding=padding)
    return x, kernel, bias, padding, exact


def error(own, exact):
    own, exact = own.detach(), exact.detach()
    return float((own.double() - exact).abs().max() / exact.abs().max())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_convolution_equals_float64(case):
    x, kernel, bias, padding, exact = drawn(case)
    own = winograd.winograd_convolution(x, kernel, bias, padding, tuple(exact.shape[2:]))
    assert own.shape == exact.shape
    assert error(own, exact) < BOUND[kernel.shape[2]]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_of_the_kernel_equals_float64(case):
    x, kernel, _, padding, exact = drawn(case)
    noise = torch.randn(exact.shape, generator=torch.Generator().manual_seed(4))
    own = winograd.winograd_kernel_gradient(x, noise, kernel.shape[2], padding)
    wanted = torch.nn.grad.conv2d_weight(x.double(), kernel.shape, noise.double(), padding=padding)
    assert own.shape == kernel.shape
    assert error(own, wanted) < BOUND[kernel.shape[2]]


def test_sums_over_many_images_do_not_lose_digits():
    draws = torch.Generator().manual_seed(5)
    x = torch.randn(2000, 16, 10, 10, generator=draws)
    noise = torch.randn(2000, 32, 8, 8, generator=draws)
    own = winograd.winograd_kernel_gradient(x, noise, 3, (0, 0))
    windows = x.double().unfold(2, 3, 1).unfold(3, 3, 1)  # n, channels, height, width, 3, 3
    exact = torch.einsum("nchwij,nfhw->fcij", windows, noise.double())
    assert error(own, exact) < BOUND[3]  # 16 millionths if all tiles went into one sum


def test_it_is_taken_where_it_saves_work_and_nowhere_else():
    def pays(shape, output, strides=(1, 1)):
        return winograd.winograd_pays(torch.Size(shape), output, strides)

    assert pays((128, 32, 3, 3), (32, 32))
    assert pays((64, 128, 5, 5), (22, 22))
    assert not pays((128, 32, 3, 3), (32, 32), (2, 2))
    assert not pays((128, 32, 3, 5), (32, 32))
    assert not pays((128, 32, 7, 7), (32, 32))
    assert not pays((128, 3, 3, 3), (32, 32))  # images: no whole vectors
    assert not pays((128, 32, 3, 3), (1, 1))  # a tile for one output


def test_all_gradients_of_a_convolution_that_takes_it_equal_float64(monkeypatch):
    taken = []
    whole = winograd.winograd_convolution
    monkeypatch.setattr(
        "paribus.nn.operators.convolution.winograd_convolution",
        lambda *given: taken.append(1) or whole(*given),
    )
    draws = torch.Generator().manual_seed(6)
    given = [
        torch.randn(*shape, generator=draws).requires_grad_()
        for shape in ((4, 64, 16, 16), (64, 64, 3, 3), (64,))
    ]
    exact = [item.detach().double().requires_grad_() for item in given]
    y, z = convolve(*given, (1, 1), (1, 1)), F.conv2d(*exact, padding=1)
    noise = torch.randn(z.shape, generator=draws)
    assert error(y, z) < BOUND[3]
    for own, other in zip(
        torch.autograd.grad(y, given, noise),
        torch.autograd.grad(z, exact, noise.double()),
        strict=True,
    ):
        assert error(own, other) < BOUND[3]
    assert len(taken) == 2  # the outputs, and the gradient of the images


def results_of_all_kernels():
    """Everything whose result depends on the C code, from the same drawn numbers."""
    draws = torch.Generator().manual_seed(7)

    def randn(*shape):
        return torch.randn(*shape, generator=draws)

    found = {}
    for size, channels, filters in ((3, 1, 6), (5, 3, 32), (3, 3, 48), (5, 1, 64)):
        for pool in (None, (2, 2)):
            kernel, bias = (
                randn(filters, channels, size, size).requires_grad_(),
                randn(filters).requires_grad_(),
            )
            geometry = StemGeometry((1, 1, 1, 1), (1, 1), relu=True, pool=pool)
            y = stem_convolution(randn(3, channels, 17, 15), kernel, bias, geometry)
            found[f"stem {size} {filters} {pool}"] = [
                y.detach(),
                *torch.autograd.grad(y, (kernel, bias), randn(*y.shape)),
            ]
    for channels in (5, 8, 48):
        x = randn(2, channels, 9, 9).requires_grad_()
        y = max_pool(x, (3, 3), (3, 3), relu=True)
        found[f"pool {channels}"] = [y.detach(), *torch.autograd.grad(y, x, randn(*y.shape))]
    found["dropout"] = [keyed_dropout(randn(7, 33), 5, 9, 20_000, 1.5)]
    return found


@pytest.fixture(scope="module", params=[(4, 16), (4, 32), (8, 16), (16, 32)], ids=str)
def other_width(request, tmp_path_factory):
    """The kernels as for a processor with other vectors: (build, floats in a register)."""
    lanes, registers = request.param
    folder = tmp_path_factory.mktemp("kernels")
    built = native.build_into(folder, f"LANES={lanes}", f"REGISTERS={registers}")
    assert built.path is not None, built.reason
    return built, lanes


@pytest.mark.slow
def test_results_do_not_depend_on_the_width_of_vectors(other_width):
    own = results_of_all_kernels()
    built, lanes = other_width
    native.use(built)
    assert native.lanes() == lanes
    other = results_of_all_kernels()
    for name, tensors in own.items():
        for one, two in zip(tensors, other[name], strict=True):
            assert torch.equal(one, two), name


@pytest.mark.parametrize("case", [CASES[1], CASES[4], CASES[6]], ids=str)
def test_winograd_holds_for_every_width_of_vectors(other_width, case):
    built, lanes = other_width
    native.use(built)
    assert native.winograd_block() == 2 * lanes
    x, kernel, bias, padding, exact = drawn(case)
    own = winograd.winograd_convolution(x, kernel, bias, padding, tuple(exact.shape[2:]))
    assert error(own, exact) < BOUND[kernel.shape[2]]
    noise = torch.randn(exact.shape, generator=torch.Generator().manual_seed(4))
    gradient = winograd.winograd_kernel_gradient(x, noise, kernel.shape[2], padding)
    wanted = torch.nn.grad.conv2d_weight(x.double(), kernel.shape, noise.double(), padding=padding)
    assert error(gradient, wanted) < BOUND[kernel.shape[2]]
