"""Limits of the fused and native paths: just below, at and above each, against PyTorch in float64."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from paribus.nn.build import build_network
from paribus.nn.modules.activation import Activation
from paribus.nn.modules.convolution import Convolution
from paribus.nn.modules.fusion import fused_steps
from paribus.nn.modules.pooling import MaxPooling
from paribus.nn.native import library as native
from paribus.nn.operators import pooling, stem
from paribus.nn.operators.convolution import conv2d, convolve
from paribus.nn.operators.dropout import keyed_dropout
from paribus.nn.operators.pooling import max_pool
from paribus.nn.operators.stem import stem_supported
from paribus.nn.spec import ModelSpec


def images(n, channels, height, width, seed=0):
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(n, height, width, channels, generator=draws).permute(0, 3, 1, 2)


def assert_near(own, exact):
    scale = max(1.0, float(exact.abs().max())) if exact.numel() else 1.0
    torch.testing.assert_close(own.double(), exact, rtol=1e-5, atol=2e-5 * scale)


def assert_same_function(ours, exact, inputs, weights=()):
    """Outputs and gradients of float32 ``ours`` are those of float64 ``exact``."""
    given = [item.detach().clone().requires_grad_() for item in (*inputs, *weights)]
    wide = [item.detach().double().contiguous().requires_grad_() for item in given]
    y, z = ours(*given), exact(*wide)
    assert_near(y.detach(), z.detach())
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(5))
    found = torch.autograd.grad(y, given, noise.to(y.dtype))
    for own, other in zip(found, torch.autograd.grad(z, wide, noise.double()), strict=True):
        assert_near(own, other)


def stem_chain(channels, filters, size, strides, pool, *, padding=0):
    pads = (padding,) * 4
    convolution = Convolution(pads, strides, groups=1)
    draws = torch.Generator().manual_seed(1)
    convolution.kernel = nn.Parameter(torch.randn(filters, channels, *size, generator=draws))
    convolution.bias = nn.Parameter(torch.randn(filters, generator=draws))
    stages = [convolution, Activation("relu")]
    if pool is not None:
        stages[1:1] = [MaxPooling(pool, pool, (0, 0, 0, 0))]
    return convolution, fused_steps(stages, first=True)


def check_stem(x, channels, filters, size, strides=(1, 1), pool=None, padding=0):
    """The first convolution with relu and pooling: output, and gradients of kernel and bias."""
    convolution, steps = stem_chain(channels, filters, size, strides, pool, padding=padding)
    y = x
    for step in steps:
        y = step(y)
    exact = [t.detach().double().requires_grad_() for t in (convolution.kernel, convolution.bias)]
    z = F.conv2d(x.double(), *exact, strides, padding)
    z = F.relu(F.max_pool2d(z, pool) if pool else z)
    assert_near(y.detach(), z.detach())
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(5))
    found = torch.autograd.grad(y, (convolution.kernel, convolution.bias), noise)
    for own, other in zip(found, torch.autograd.grad(z, exact, noise.double()), strict=True):
        assert_near(own, other)


@pytest.mark.parametrize(
    "pool",
    [(2, 127), (15, 17), (5, 51), (16, 16), (32, 8), (257, 1), (1, 256), (18, 18), (26, 26), (23, 23)],
)  # fmt: skip
@pytest.mark.parametrize("filters", [3, 16])
def test_the_first_convolution_before_windows_around_255_pixels(kernels, pool, filters):
    x = images(3, 1, pool[0] + 2, pool[1] + 2)
    check_stem(x, 1, filters, (3, 3), pool=pool)
    check_stem(x - 2.5, 1, filters, (3, 3), pool=pool)  # relu cuts off many windows


def test_windows_up_to_255_pixels_take_the_fused_path_and_no_larger_ones(kernels, monkeypatch):
    x, kernel = images(1, 1, 40, 40), torch.zeros(4, 1, 3, 3)
    assert stem_supported(x, kernel, (2, 127))
    assert stem_supported(x, kernel, (15, 17))
    assert not stem_supported(x, kernel, (16, 16))
    called = []
    for place, name in ((pooling._MaxPool, "max_pool"), (stem._Stem, "stem")):
        apply = place.apply
        monkeypatch.setattr(
            place, "apply", lambda *a, apply=apply, name=name: called.append(name) or apply(*a)
        )
    max_pool(images(1, 2, 14, 254), (2, 127), (2, 127))
    max_pool(images(1, 2, 15, 17), (15, 17), (15, 17))
    assert called == ["max_pool"]
    for side in (16, 17, 18, 19):
        _, steps = stem_chain(1, 4, (3, 3), (1, 1), (15, side))
        steps[0](images(1, 1, 30, 40))
    assert called.count("stem") == 2


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("size", [(2, 127), (15, 17), (16, 16), (17, 16)])
@pytest.mark.parametrize("overlap", [False, True])
def test_pooling_windows_around_255_pixels(kernels, size, overlap, relu):
    strides = (1, 2) if overlap else size
    x = images(2, 5, size[0] + 3, size[1] + 4) - 1.0

    def exact(x):
        y = F.max_pool2d(x, size, strides)
        return F.relu(y) if relu else y

    assert_same_function(lambda x: max_pool(x, size, strides, relu=relu), exact, [x])


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (1, 1), (2, 3)])
@pytest.mark.parametrize("strides", [(3, 3), (1, 4), (4, 1), (5, 2)])
@pytest.mark.parametrize("channels", [1, 7, 8, 9, 15, 16, 17, 33])
def test_pooling_strides_beyond_the_window_and_channels_beside_the_vectors(
    kernels, size, strides, channels
):
    x = images(2, channels, 7, 9)
    assert_same_function(
        lambda x: max_pool(x, size, strides), lambda x: F.max_pool2d(x, size, strides), [x]
    )


@pytest.mark.parametrize("filters", [1, 7, 8, 9, 15, 16, 17, 31, 32, 33])
@pytest.mark.parametrize("width", [1, 5, 6, 7, 8, 9, 13])
def test_the_first_convolution_beside_whole_vectors_and_blocks(kernels, filters, width):
    check_stem(images(2, 3, 4, width + 1), 3, filters, (2, 2))


@pytest.mark.parametrize("taps", range(1, 25))
@pytest.mark.parametrize("height", [1, 2, 3, 5])
def test_the_first_convolution_with_every_number_of_taps(kernels, taps, height):
    x = images(2, 1, height + 2, taps + 2)
    check_stem(x, 1, 5, (height, taps))
    channels = 3 if taps % 3 == 0 else 1
    check_stem(images(2, channels, height + 1, taps // channels), channels, 5, (height, taps // channels))  # fmt: skip


@pytest.mark.parametrize("strides", [(4, 4), (1, 3), (3, 1), (5, 2)])
@pytest.mark.parametrize("padding", [0, 1, 3, 4])
@pytest.mark.parametrize("pool", [None, (2, 2), (3, 1)])
def test_the_first_convolution_with_windows_wholly_outside(kernels, strides, padding, pool):
    """With padding of the kernel's size and more, some windows see zeros only."""
    x = images(3, 2, 17, 17)
    check_stem(x, 2, 6, (3, 3), strides, pool, padding)


@pytest.mark.parametrize(("rows", "columns"), [(7, 7), (8, 9), (5, 11)])
def test_pooling_behind_the_first_convolution_leaves_remainders_out(kernels, rows, columns):
    check_stem(images(3, 1, rows + 2, columns + 2), 1, 6, (3, 3), pool=(2, 2))
    check_stem(images(3, 1, rows + 2, columns + 2), 1, 6, (3, 3), pool=(3, 4))


@pytest.mark.parametrize("padding", [(0, 0), (2, 2), (3, 5)])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3), (5, 5)])
@pytest.mark.parametrize(("channels", "filters"), [(1, 16), (5, 16), (16, 32), (17, 48), (3, 5)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (2, 5), (5, 5)])
def test_later_convolutions_at_odd_geometries(kernels, size, channels, filters, strides, padding):
    x = images(2, channels, 11, 13)
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws)
    bias = torch.randn(filters, generator=draws)
    assert_same_function(
        lambda x, k, b: convolve(x, k, b, strides, padding),
        lambda x, k, b: F.conv2d(x, k, b, strides, padding),
        [x],
        [kernel, bias],
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_what_is_not_finite_goes_through_pooling_as_in_torch(kernels, value, relu, first):
    x = images(2, 17, 6, 6)
    x[0, 3, 2, 2], x[1, 16], x[0, 5, :2, :2] = value, value, value
    own, other = (x.clone(memory_format=torch.preserve_format).requires_grad_() for _ in range(2))
    y = max_pool(own, (2, 2), (2, 2), relu=relu)
    z = F.max_pool2d(other, 2)
    z = F.relu(z) if relu else z
    torch.testing.assert_close(y, z, rtol=0, atol=0, equal_nan=True)
    noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(5))
    (a,), (b,) = torch.autograd.grad(y, own, noise), torch.autograd.grad(z, other, noise)
    assert torch.equal(a, b)
    if not first:
        return
    convolution, steps = stem_chain(1, 17, (1, 1), (1, 1), (2, 2))
    image = images(2, 1, 6, 6)
    image[0, 0, 2, 2] = value
    y = steps[0](image)
    z = F.relu(F.max_pool2d(F.conv2d(image, convolution.kernel, convolution.bias), 2))
    torch.testing.assert_close(y, z, rtol=1e-5, atol=1e-5, equal_nan=True)


def test_of_equal_pixels_the_first_takes_the_gradient_in_every_path(kernels):
    x = torch.ones(2, 17, 6, 6).contiguous(memory_format=torch.channels_last)
    own, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    (a,) = torch.autograd.grad(max_pool(own, (3, 3), (3, 3)).sum(), own)
    (b,) = torch.autograd.grad(F.max_pool2d(other, 3).sum(), other)
    assert torch.equal(a, b)
    assert a[:, :, 0, 0].eq(1).all()
    convolution, steps = stem_chain(1, 5, (1, 1), (1, 1), (3, 3))
    image = torch.arange(36.0).view(1, 1, 6, 6) * 0 + 2
    (found,) = torch.autograd.grad(steps[0](image).sum(), convolution.kernel)
    live = (convolution.kernel.flatten() * 2 + convolution.bias > 0).float()
    assert torch.equal(found.flatten(), live * 8)


@pytest.mark.parametrize("count", [1, 3, 63, 64, 65, 127, 128, 129])
@pytest.mark.parametrize("threshold", [0, 1, 32768, 65535, 65536])
def test_dropout_at_the_ends_of_its_blocks_and_of_its_rates(kernels, count, threshold):
    x = torch.linspace(0.5, 2, count)[None].requires_grad_()
    scale = 65536 / max(65536 - threshold, 1)
    results = []
    built = native.build()
    for chosen in (built, native.Built(None, "a test")):
        native.use(chosen)
        y = keyed_dropout(x, 11, 5, threshold, scale)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        results.append((y.detach(), gradient))
    native.use(built)
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])
    if threshold in (0, 65536):
        assert results[0][1].eq(scale if threshold == 0 else 0).all()


def test_a_whole_network_with_a_window_of_676_pixels_learns_as_plain_torch_does(kernels):
    layers = [
        {"Conv2D": {"filters": 16, "kernel_size": 3, "activation": "relu"}},
        {"MaxPooling2D": {"pool_size": 26}},
        "Flatten",
        {"Dense": {"units": 10, "activation": "softmax"}},
    ]
    model = ModelSpec.parse({"layers": layers}).resolved()
    network = build_network(model, (28, 28, 1))
    draws = torch.Generator().manual_seed(3)
    exact = {}
    for name, tensor in network.weight_tensors().items():
        with torch.no_grad():
            tensor.copy_(torch.randn(tensor.shape, generator=draws) * 0.3)
        exact[name] = tensor.detach().double().contiguous().requires_grad_()
    x, labels = images(8, 1, 28, 28), torch.arange(8)
    F.cross_entropy(network(x), labels).backward()
    z = F.conv2d(x.double(), exact["conv2d_1/kernel"], exact["conv2d_1/bias"])
    z = F.max_pool2d(F.relu(z), 26).flatten(1)
    F.cross_entropy(F.linear(z, exact["dense_1/kernel"], exact["dense_1/bias"]), labels).backward()
    for name, tensor in network.weight_tensors().items():
        assert_near(tensor.grad, exact[name].grad)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 16])
@pytest.mark.parametrize("filters", [1, 3, 12, 16])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (2, 4)])
@pytest.mark.parametrize("strides", [(2, 2), (1, 2), (1, 3), (3, 1), (2, 5)])
def test_strides_with_which_torch_fails(kernels, channels, filters, size, strides):
    """The width 4 gives outputs one pixel wide; 1 x 1 kernels skip pixels."""
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(filters, channels, *size, generator=draws)
    kernel = kernel.contiguous(memory_format=torch.channels_last)
    bias = torch.randn(filters, generator=draws)
    for function in (conv2d, convolve):
        for padding in ((0, 0), (1, 0), (2, 2)):
            x = images(3, channels, 7, 4)
            assert_same_function(
                lambda x, k, b, f=function, p=padding: f(x, k, b, strides, p),
                lambda x, k, b, p=padding: F.conv2d(x, k, b, strides, p),
                [x],
                [kernel, bias],
            )


def test_a_batch_of_one_with_odd_steps_in_memory_has_right_gradients():
    """(1, 18, 7, 5) whose step from image to image is 18: channels_last to PyTorch, and yet not."""
    base = images(3, 6, 7, 5)
    x = base.view(3, 1, 6, 7, 5).transpose(0, 1).flatten(1, 2)
    odd = x.contiguous(memory_format=torch.channels_last).as_strided(x.shape, (18, 1, 90, 18))
    draws = torch.Generator().manual_seed(1)
    kernel = torch.randn(18, 6, 1, 1, generator=draws).requires_grad_()
    exact = kernel.detach().double().requires_grad_()
    y, z = conv2d(odd, kernel, None, groups=3), F.conv2d(x.double(), exact, groups=3)
    noise = torch.randn(z.shape, generator=draws)
    (own,) = torch.autograd.grad(y, kernel, noise)
    (other,) = torch.autograd.grad(z, exact, noise.double())
    assert_near(own, other)
